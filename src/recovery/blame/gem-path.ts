/** The gem that a path lies in, as the path itself tells it. */
export interface GemOfPath {
  readonly gem: string
  readonly version: string | null
  /** `x86_64-linux-gnu` of a precompiled gem; null for a gem built on the spot. */
  readonly platform: string | null
}

const inGems = /\/(?:bundler\/)?gems\/([A-Za-z0-9][\w.-]*)(?=\/|$)/g
const inExtensions = /\/extensions\/[^/]+\/[^/]+\/([A-Za-z0-9][\w.-]*)(?=\/|$)/
const platforms =
  /-((?:x86_64|x86|x64|i[3-6]86|aarch64|arm64e?|arm|armv\w+|universal|powerpc\w*|ppc64le|s390x|riscv64|java|mswin\w*|mingw\w*)(?:-(?:linux|darwin|mingw|mswin|freebsd|musl|gnu|ucrt)[\w.-]*)?|linux|java)$/
/** A gem folder outside `gems/`: `sentry-ruby-5.27.0/lib/…`; and Debian's packaged gems, which bear no version. */
const besideLib = /(?:^|\/)([A-Za-z0-9][\w.-]*-\d+\.\d[\w.-]*)\/(?:lib|ext)\//
const debianGem = /\/usr\/(?:lib|share)\/ruby\/vendor_ruby\/([\w-]+)(?:\/|\.rb$)/
const notGems = /^(?:j?ruby|rbx|ree|truffleruby)(?:-(?:\d|head|preview|dev|enterprise)|@|$)/

/** Reads `gems/NAME-VERSION[-PLATFORM]`, `bundler/gems/NAME-REVISION` and `extensions/PLATFORM/ABI/NAME-VERSION`; the innermost wins. */
export function gemOfPath(path: string): GemOfPath | null {
  const inner = inExtensions.exec(path)?.[1]
  if (inner !== undefined) return readFullName(inner)
  let folder: string | null = null
  let rest = ''
  for (const found of path.matchAll(inGems)) {
    const name = found[1] ?? ''
    if (notGems.test(name) || /^\d+\.\d+/.test(name)) continue
    folder = name
    rest = path.slice(found.index + found[0].length)
  }
  if (folder === null) return looseGem(path)
  const named = readFullName(folder)
  // A folder without a version is a gem only if it is laid out like one: `vendor/gems/name/lib/…`.
  return named.version !== null || /-[0-9a-f]{7,40}$/.test(folder) || /^\/(?:lib|ext|app)\//.test(rest) ? named : null
}

function looseGem(path: string): GemOfPath | null {
  const beside = besideLib.exec(path)?.[1]
  if (beside !== undefined && !notGems.test(beside) && !/^python|^openssl-\d|^node-/.test(beside)) return readFullName(beside)
  const packaged = debianGem.exec(path)?.[1]
  return packaged === undefined || /^(?:rubygems|bundler|did_you_mean|error_highlight|syntax_suggest)$/.test(packaged)
    ? null
    : { gem: packaged, version: null, platform: null }
}

/** Name of the library of Ruby's own (`openssl`, `json`) that a `.rb` file belongs to; null elsewhere. */
export function standardLibrary(path: string): string | null {
  return /\/lib\/ruby\/\d+\.\d+\.\d+\/([a-z]\w*)(?:\/|\.rb$)/.exec(path)?.[1] ?? null
}

/** A gem's own working copy: `…/mathematical/lib/mathematical/mathematical.bundle` bears the name of the folder above `lib`. */
export function checkoutOfPath(path: string): string | null {
  const found = /\/([A-Za-z][\w.-]*)\/lib\/(?:[\w.-]+\/)*([\w-]+)\.(?:so|bundle)$/.exec(path)
  const [folder, file] = [found?.[1] ?? '', found?.[2] ?? '']
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')
  return file !== '' && plain(file.replace(/_(?:ext|native|c)$/, '')) === plain(folder) ? folder : null
}

/** A path that begins with the gem's own folder: what stood before is lost, and maybe half of the name. */
export function isCutPath(path: string): boolean {
  return /^[\w.-]+-\d+\.\d[\w.-]*\//.test(path)
}

/** Splits `google-protobuf-3.25.1-x86_64-linux` into its parts; `name-REVISION` of a git source has no version. */
export function readFullName(fullName: string): GemOfPath {
  const platform = platforms.exec(fullName)?.[1] ?? null
  const bare = platform === null ? fullName : fullName.slice(0, -platform.length - 1)
  const versioned = /^(.+?)-(\d+(?:\.\w+)*)$/.exec(bare)
  if (versioned?.[1] !== undefined && /\.|^\d{1,4}$/.test(versioned[2] ?? ''))
    return { gem: versioned[1], version: versioned[2] ?? null, platform }
  return { gem: bare.replace(/-[0-9a-f]{7,40}$/, ''), version: null, platform }
}

/** RubyGems' own rule (`Gem::Specification::VALID_NAME_PATTERN`): a damaged log makes no gem. */
export function isGemName(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,120}$/.test(text) && /[A-Za-z]/.test(text)
}

/** File name of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

const installedRuby =
  /\/ruby\/(?:vendor_ruby\/|site_ruby\/)?\d+\.\d+\.\d+(?:\+\d+)?\/(?:[\w.-]*(?:linux|darwin|freebsd|mingw|mswin)[\w.-]*\/)?(.+)\.(?:so|bundle)$/
const debianRuby = /\/[\w-]+-(?:gnu|gnueabihf|musl)\/ruby\/(?:vendor_ruby\/)?\d+\.\d+\.\d+\/(.+)\.(?:so|bundle)$/

/** `json/ext/parser` for a compiled file of Ruby's own library folders; null for a file elsewhere. */
export function standardExtension(path: string): string | null {
  return debianRuby.exec(path)?.[1] ?? installedRuby.exec(path)?.[1] ?? null
}
