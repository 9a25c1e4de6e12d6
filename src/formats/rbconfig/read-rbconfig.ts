/** Keys of `RbConfig::CONFIG`, references resolved. */
export type RbConfig = ReadonlyMap<string, string>

export interface MalformedRbConfig {
  readonly tag: 'Malformed'
  readonly why: string
}

const maxCharacters = 1024 * 1024
const maxDepth = 20
/** The longest real value, `configure_args`, has some 2,000 characters. */
const maxValueCharacters = 64 * 1024

/**
 * Reads `rbconfig.rb` without running it. `installedAt` is the file's own path: Ruby derives its prefix from it, so that an
 * installation may be moved. Format: Ruby's tool/mkconfig.rb; references as in `RbConfig.expand`.
 */
export function readRbConfig(text: string, installedAt: string): RbConfig | MalformedRbConfig {
  const raw = new Map<string, string>()
  const suffix = /TOPDIR = File\.dirname\(__FILE__\)\.chomp!\("([^"]*)"\)/.exec(text.slice(0, maxCharacters))?.[1]
  const folder = installedAt.slice(0, installedAt.lastIndexOf('/'))
  const top = suffix !== undefined && folder.endsWith(suffix) ? folder.slice(0, folder.length - suffix.length) : null
  for (const [, key = '', rest = ''] of text.slice(0, maxCharacters).matchAll(/^[ \t]*CONFIG\["([^"]+)"\][ \t]*=[ \t]*([^\n]*)/gm)) {
    const value = /"((?:[^"\\]|\\.)*)"/.exec(rest)?.[1]
    if (value === undefined) continue
    const plain = value.replaceAll(/\\(.)/g, '$1').replaceAll('$(DESTDIR)', '')
    raw.set(key, rest.startsWith('(TOPDIR') && top !== null ? top : plain)
  }
  if (!raw.has('ruby_version') || !raw.has('MAJOR')) return { tag: 'Malformed', why: 'no CONFIG["ruby_version"]: not an rbconfig.rb' }
  const settled = new Map<string, string>()
  const expand = (key: string, depth: number): string => {
    const known = settled.get(key)
    if (known !== undefined) return known
    const value = raw.get(key)
    if (value === undefined || depth > maxDepth) return ''
    let put = 0
    const full = value.replaceAll(/\$\$|\$\(([^()]+)\)|\$\{([^{}]+)\}/g, (all, round?: string, curly?: string) => {
      if (all === '$$') return '$'
      if (put > maxValueCharacters) return ''
      const part = expand(round ?? curly ?? '', depth + 1)
      put += part.length
      return part
    })
    const bounded = full.slice(0, maxValueCharacters)
    settled.set(key, bounded)
    return bounded
  }
  for (const key of raw.keys()) expand(key, 0)
  return settled
}

/**
 * The prefix that was compiled into an interpreter which can't be moved; null for one that finds its own place
 * (`--enable-load-relative`), or when nothing tells.
 */
export function readFixedPrefix(text: string): string | null {
  const head = text.slice(0, maxCharacters)
  if (!/^[ \t]*CONFIG\["LIBRUBY_RELATIVE"\][ \t]*=[ \t]*"no"/m.test(head)) return null
  return /^[ \t]*CONFIG\["prefix"\][ \t]*=[ \t]*\(TOPDIR \|\| DESTDIR \+ "([^"]+)"\)/m.exec(head)?.[1] ?? null
}
