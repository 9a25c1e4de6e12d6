/** What a gemspec says without running Ruby. */
export interface Gemspec {
  readonly name: string
  readonly version: string
  /** `ruby` for a source gem. */
  readonly platform: string
  /** Relative to the gem's folder, in order. */
  readonly requirePaths: readonly string[]
  /** `ext/extconf.rb`, …; empty for a gem without native code, and for a precompiled one. */
  readonly extensions: readonly string[]
  /** Requirements on Ruby's own version, such as `>= 2.5`; null when it states none that can be read. */
  readonly requiredRubyVersion: readonly string[] | null
  /** Whether name and version come from the stub lines that RubyGems writes; else they were found in the Ruby code. */
  readonly fromStub: boolean
}

export interface MalformedGemspec {
  readonly tag: 'Malformed'
  readonly why: string
}

/** Generated gemspecs of gems with thousands of files reach 300 KB; what is read here stands in the first lines. */
const maxCharacters = 1024 * 1024

/**
 * Reads a gemspec as `gem install` writes it (with stub lines), or a hand-written one as far as plain strings go.
 * Format of the stub: RubyGems' lib/rubygems/stub_specification.rb and Specification#to_ruby.
 */
export function readGemspec(text: string): Gemspec | MalformedGemspec {
  const head = text.slice(0, maxCharacters)
  const stub = /^# stub: (\S+) (\S+) (\S+) ([^\n]*)\n(?:# stub: ([^\n]*)\n)?/m.exec(head.slice(0, 4_096))
  const requiredRubyVersion = readRequirement(head)
  if (stub !== null) {
    const [, name = '', version = '', platform = '', paths = '', extensions = ''] = stub
    return {
      name,
      version,
      platform,
      requirePaths: listed(paths),
      extensions: listed(extensions),
      requiredRubyVersion,
      fromStub: true,
    }
  }
  const name = assigned(head, 'name')
  const version = assigned(head, 'version')
  if (name === null) return { tag: 'Malformed', why: 'neither stub lines nor a plain name' }
  const paths = assignedList(head, 'require_paths')
  return {
    name,
    version: version ?? '',
    platform: assigned(head, 'platform') ?? 'ruby',
    requirePaths: paths.length === 0 ? ['lib'] : paths,
    extensions: assignedList(head, 'extensions'),
    requiredRubyVersion,
    fromStub: false,
  }
}

function listed(text: string): string[] {
  return text.split('\0').filter((entry) => entry !== '')
}

function assigned(text: string, field: string): string | null {
  return new RegExp(`^[ \\t]*\\w+\\.${field}[ \\t]*=[ \\t]*(?:Gem::Version\\.new[ (])?["']([^"'#\\n]+)["']`, 'm').exec(text)?.[1] ?? null
}

function assignedList(text: string, field: string): string[] {
  const list =
    new RegExp(`^[ \\t]*\\w+\\.${field}[ \\t]*(?:=|<<)[ \\t]*(\\[[^\\]]*\\]|%w\\[[^\\]]*\\]|["'][^"'\\n]+["'])`, 'm').exec(text)?.[1] ?? ''
  if (list.startsWith('%w'))
    return list
      .slice(3, -1)
      .split(/\s+/)
      .filter((entry) => entry !== '')
  return [...list.matchAll(/["']([^"']+)["']/g)].map(([, entry = '']) => entry)
}

function readRequirement(text: string): string[] | null {
  const named = text.indexOf('.required_ruby_version')
  if (named === -1) return null
  const stated = /^[ \t]*\w+\.required_ruby_version[ \t]*=[ \t]*([^\n]*)/m.exec(text.slice(text.lastIndexOf('\n', named) + 1))?.[1]
  if (stated === undefined) return null
  const parts = [...stated.matchAll(/["']([^"'\n]+)["']/g)].map(([, part = '']) => part.trim())
  return parts.length === 0 ? null : parts
}
