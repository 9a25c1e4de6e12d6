/** One Ruby installation, as far as extensions depend on it. Paths are those of its tree. */
export interface Runtime {
  readonly rubyPath: string
  /** `3.1.2`. */
  readonly version: string
  /** `3.1`: what the C interface follows. */
  readonly minor: string
  /** `RbConfig::CONFIG['ruby_version']`, `3.1.0`: names folders of gems. */
  readonly abi: string
  /** `Gem.extension_api_version`: the ABI, with `-static` for a Ruby without a shared libruby. */
  readonly extensionAbi: string
  /** `RbConfig::CONFIG['arch']`, such as `x86_64-linux-gnu`. */
  readonly arch: string
  /** RubyGems' name of the platform, such as `x86_64-linux`. */
  readonly platform: string
  readonly shared: boolean
  /** File name of the shared libruby without its patch level, such as `libruby-3.1.so.3.1`; null for a static Ruby. */
  readonly libruby: string | null
  /** Suffix of extensions: `so`, on macOS `bundle`. */
  readonly extensionSuffix: string
  /** A development version: its C interface changes from day to day. */
  readonly prerelease: boolean
  /** Folders of gems that it searches when nobody says otherwise, first first. */
  readonly gemFolders: readonly string[]
  /** Where the standard library is (`rubylibdir`). */
  readonly libraryFolder: string
  /** Where default gems and the standard library keep their extensions. */
  readonly archFolder: string
  /** Where a distribution's packages put extensions (`vendor_ruby`). */
  readonly vendorArchFolder: string
  /** The prefix that is compiled into it, when it stands elsewhere and nothing is there: it finds not even its own library then. */
  readonly movedFrom: string | null
  /** Folder whose `specifications/default` lists the default gems. */
  readonly defaultGemFolder: string
}

/** The runtime that `RbConfig` describes; `gemFolders` are added by whoever knows them. */
export function toRuntime(config: ReadonlyMap<string, string>, rubyPath: string, gemFolders: readonly string[]): Runtime {
  const get = (key: string) => config.get(key) ?? ''
  const abi = get('ruby_version')
  const shared = get('ENABLE_SHARED') === 'yes'
  const arch = get('arch')
  return {
    rubyPath,
    version: `${get('MAJOR')}.${get('MINOR')}.${get('TEENY')}`,
    minor: `${get('MAJOR')}.${get('MINOR')}`,
    abi,
    extensionAbi: shared ? abi : `${abi}-static`,
    arch,
    platform: toGemPlatform(arch),
    shared,
    libruby: shared ? get('LIBRUBY_SO').replace(/(\.\d+\.\d+)\.\d+$/, '$1') : null,
    extensionSuffix: get('DLEXT') === '' ? 'so' : get('DLEXT'),
    prerelease: get('PATCHLEVEL') === '-1',
    gemFolders,
    libraryFolder: get('rubylibdir'),
    archFolder: get('rubyarchdir'),
    vendorArchFolder: get('vendorarchdir'),
    movedFrom: null,
    defaultGemFolder: `${get('rubylibprefix')}/gems/${abi}`,
  }
}

/** `x86_64-linux-gnu` is `x86_64-linux` to RubyGems; musl stays in the name (lib/rubygems/platform.rb). */
export function toGemPlatform(arch: string): string {
  const [cpu = '', os = '', libc = ''] = arch.split('-')
  const gemCpu = /^i[3-6]86$/.test(cpu) ? 'x86' : cpu
  if (os.startsWith('darwin')) return `${gemCpu}-darwin${os.slice('darwin'.length) === '' ? '' : `-${os.slice('darwin'.length)}`}`
  return libc === '' || libc === 'gnu' ? `${gemCpu}-${os}` : `${gemCpu}-${os}-${libc}`
}
