/** Gems that a Gemfile names itself, as far as its lines are plain. */
export interface GemfileGems {
  /** Wanted whatever the groups, the platform and the environment. */
  readonly always: ReadonlySet<string>
  /** Only within a group, for a platform, or under a condition. */
  readonly sometimes: ReadonlySet<string>
  /** The groups of each gem, of all its lines together; null for one of which they can't be told. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string> | null>
  /** What plain lines ask of a gem's version, as RubyGems writes it (`= 1.5.9`); gems of other sources than a registry are left out. */
  readonly requirements: ReadonlyMap<string, readonly string[]>
  /** Groups that are left out unless Bundler's setting `with` names them. */
  readonly optionalGroups: ReadonlySet<string>
}

/** A block that is open: whether what is inside is wanted there only, and its groups, null when they can't be told. */
interface Block {
  readonly narrows: boolean
  readonly groups: readonly string[] | null
}

const maxCharacters = 1024 * 1024
const gemLine = /^gem[ \t(]+["']([^"'#]+)["'](.*)$/
/** `group :test do`, `platforms :jruby do`, …: what is inside is wanted there only. */
const narrowing = /^(?:group|platforms?|install_if|env)\b/
/** Statements that end with `end`; as modifiers behind a statement they open nothing. */
const statement = /^(?:[\w@$.]+[ \t]*(?:\|\|)?=[ \t]*)?(?:if|unless|case|while|until|begin|def|for|class|module)\b/
const narrowingOption = /(?:\b|:)(?:groups?|platforms?|install_if|optional)(?::|[ \t]*=>)|[ \t](?:if|unless)[ \t]/

const otherSource = /(?:\b|:)(?:git|github|gist|bitbucket|path|source|ref|branch|tag)(?::|[ \t]*=>)/

/** What stands behind the name and is computed: it may hold a group. */
const computed = /\*\*|[,(][ \t]*(?:\*|&)|,[ \t]*[a-z_]\w*[ \t]*(?:[,)(]|$)/

/** Reads the `gem` lines of a Gemfile without running it (Bundler's lib/bundler/dsl.rb). */
export function readGemfileGems(text: string): GemfileGems {
  const always = new Set<string>()
  const sometimes = new Set<string>()
  const groups = new Map<string, ReadonlySet<string> | null>()
  const requirements = new Map<string, readonly string[]>()
  const optionalGroups = new Set<string>()
  const blocks: Block[] = []
  for (const line of statements(text.slice(0, maxCharacters))) {
    const [, name, rest = ''] = gemLine.exec(line) ?? []
    if (name !== undefined) {
      const isComputed = computed.test(rest)
      if (!isComputed) (blocks.some(({ narrows }) => narrows) || narrowingOption.test(rest) ? sometimes : always).add(name)
      if (!isComputed && !otherSource.test(rest)) requirements.set(name, [...(requirements.get(name) ?? []), ...requirementsIn(rest)])
      const mine = isComputed ? null : together([...blocks.map((block) => block.groups), groupsOfOption(rest)])
      groups.set(name, together([...(groups.has(name) ? [groups.get(name) ?? null] : []), mine?.size === 0 ? ['default'] : mine]))
    }
    if (statement.test(line)) {
      if (!/\bend$/.test(line)) blocks.push({ narrows: true, groups: [] })
    } else if (/(?:[ \t)]do|\{)(?:[ \t]*\|[^|]*\|)?$/.test(line)) {
      const named = /^group\b/.test(line) ? namesIn(line.replace(/^group\b[ \t(]*|(?:do|\{)[ \t]*(?:\|[^|]*\|)?$/g, '')) : []
      blocks.push({ narrows: narrowing.test(line) && !/:default\b/.test(line), groups: named })
      if (/\boptional(?::|[ \t]*=>)[ \t]*true\b/.test(line)) for (const group of named ?? []) optionalGroups.add(group)
    } else if (/^(?:end\b|\})/.test(line)) blocks.pop()
  }
  return { always, sometimes: new Set([...sometimes].filter((name) => !always.has(name))), groups, requirements, optionalGroups }
}

/** Versions in quotes that follow the name directly. */
function requirementsIn(rest: string): string[] {
  const [listed = ''] = /^(?:[ \t]*,[ \t]*(?:"[^"#\n]*"|'[^'\n]*')(?![ \t]*=>))*/.exec(rest) ?? []
  const parts = [...listed.matchAll(/["'][ \t]*(?:([<>=!~]+)[ \t]*)?(\d[\w.]*)[ \t]*["']/g)]
  return parts.map(([, operator = '=', version = '']) => `${operator} ${version}`)
}

function together(parts: readonly (Iterable<string> | null)[]): ReadonlySet<string> | null {
  return parts.includes(null) ? null : new Set(parts.flatMap((part) => [...(part ?? [])]))
}

/** `group: :test`, `:groups => [:a, :b]`, `groups: %i[a b]`; empty without one. */
function groupsOfOption(options: string): readonly string[] | null {
  const [, value] = /(?:\b|:)groups?(?::|[ \t]*=>)[ \t]*(.*)$/.exec(options) ?? []
  if (value === undefined) return []
  const list = /^(?:%[iw]?\[[^\]]*\]|\[[^\]]*\]|[^,)]*)/.exec(value)?.[0] ?? ''
  return namesIn(list.replace(/^\[|\]$/g, ''))
}

/** Symbols and strings at the beginning of some arguments, or a list of words; null when none stands there, or more than these. */
function namesIn(text: string): readonly string[] | null {
  if (text.includes('*')) return null
  const words = /^%[iw]\[([^\]]*)\]?/.exec(text)?.[1]
  if (words !== undefined) return words.split(/\s+/).filter((word) => word !== '')
  const [listed = ''] = /^(?:[ \t]*(?::\w+|"\w+"|'\w+'|:"\w+")[ \t]*(?:,|(?=[)\]]|$)))+/.exec(text) ?? []
  const names = [...listed.matchAll(/\w+/g)].map(([name]) => name)
  return names.length === 0 ? null : names
}

/** Lines without comments (also from `=begin` to `=end`, and behind `__END__`), each with those that continue it. */
function statements(text: string): string[] {
  const joined: string[] = []
  let open = ''
  let isAside = false
  for (const raw of text.split('\n')) {
    if (/^__END__\r?$/.test(raw)) break
    if (/^=(?:begin|end)\b/.test(raw)) {
      isAside = raw.startsWith('=begin')
      continue
    }
    if (isAside) continue
    const line = raw.replace(/(?:^|[ \t])#.*$/, '').trim()
    open = open === '' ? line : `${open} ${line}`
    if (/[,\\]$/.test(line)) continue
    joined.push(open)
    open = ''
  }
  return open === '' ? joined : [...joined, open]
}
