/** Gems that a Gemfile names itself, as far as its lines are plain. */
export interface GemfileGems {
  /** Wanted whatever the groups, the platform and the environment. */
  readonly always: ReadonlySet<string>
  /** Only within a group, for a platform, or under a condition. */
  readonly sometimes: ReadonlySet<string>
}

const maxCharacters = 1024 * 1024
const gemLine = /^gem[ \t(]+["']([^"'#]+)["'](.*)$/
/** `group :test do`, `platforms :jruby do`, …: what is inside is wanted there only. */
const narrowing = /^(?:group|platforms?|install_if|env)\b/
/** Statements that end with `end`; as modifiers behind a statement they open nothing. */
const statement = /^(?:[\w@$.]+[ \t]*(?:\|\|)?=[ \t]*)?(?:if|unless|case|while|until|begin|def|for|class|module)\b/
const narrowingOption = /(?:\b|:)(?:groups?|platforms?|install_if|optional)(?::|[ \t]*=>)|[ \t](?:if|unless)[ \t]/

/** What stands behind the name and is computed: it may hold a group. */
const computed = /\*\*|[,(][ \t]*(?:\*|&)|,[ \t]*[a-z_]\w*[ \t]*(?:[,)(]|$)/

/** Reads the `gem` lines of a Gemfile without running it (Bundler's lib/bundler/dsl.rb). */
export function readGemfileGems(text: string): GemfileGems {
  const always = new Set<string>()
  const sometimes = new Set<string>()
  const narrow: boolean[] = []
  for (const line of statements(text.slice(0, maxCharacters))) {
    const [, name, rest = ''] = gemLine.exec(line) ?? []
    if (name !== undefined && !computed.test(rest)) (narrow.includes(true) || narrowingOption.test(rest) ? sometimes : always).add(name)
    if (statement.test(line)) {
      if (!/\bend$/.test(line)) narrow.push(true)
    } else if (/(?:[ \t)]do|\{)(?:[ \t]*\|[^|]*\|)?$/.test(line)) narrow.push(narrowing.test(line) && !/:default\b/.test(line))
    else if (/^(?:end\b|\})/.test(line)) narrow.pop()
  }
  return { always, sometimes: new Set([...sometimes].filter((name) => !always.has(name))) }
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
