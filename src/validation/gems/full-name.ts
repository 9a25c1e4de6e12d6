export interface FullName {
  readonly name: string
  readonly version: string
  /** `ruby` for a source gem. */
  readonly platform: string
}

/** Takes `nokogiri-1.16.0-x86_64-linux` apart (Gem::NameTuple#full_name). A part of the name may begin with a digit: `omniauth-37signals-1.0.5`. */
export function splitFullName(fullName: string): FullName | null {
  const [, name, version, platform = 'ruby'] = /^(.+?)-(\d+(?:\.[\dA-Za-z]+)*)(?:-(.+))?$/.exec(fullName) ?? []
  return name === undefined || version === undefined ? null : { name, version, platform }
}
