/** Settings of one configuration file of Bundler, by key as in the environment (`BUNDLE_PATH`). */
export type BundlerConfig = ReadonlyMap<string, string>

/**
 * Reads `.bundle/config`: a flat YAML of `KEY: "value"`, with lists of indented `- "value"` lines (joined by a space here).
 * Lines that are not understood are passed over, as Bundler does (lib/bundler/yaml_serializer.rb).
 */
export function readBundlerConfig(text: string): BundlerConfig {
  const settings = new Map<string, string[]>()
  let open: string[] | null = null
  for (const line of text.slice(0, 256 * 1024).split(/\r?\n/)) {
    const item = /^ {0,8}- (.*)$/.exec(line)
    if (item !== null && open !== null) {
      open.push(unquoted(item[1] ?? ''))
      continue
    }
    const pair = /^(BUNDLE_[^\s:]+):(?: (.*))?$/.exec(line)
    if (pair === null) continue
    open = [unquoted(pair[2] ?? '')]
    settings.set(pair[1] ?? '', open)
  }
  return new Map([...settings].map(([key, values]) => [key, values.filter((value) => value !== '').join(' ')]))
}

function unquoted(text: string): string {
  const trimmed = text.trim()
  const quoted = /^(["'])(.*)\1$/.exec(trimmed)
  return quoted?.[2] ?? trimmed
}
