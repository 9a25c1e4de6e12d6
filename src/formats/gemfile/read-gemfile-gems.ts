import { namesIn } from './names-in.ts'
import { readBlocks } from './read-blocks.ts'
import { alone, type Surroundings } from './surroundings.ts'

/** Gems that a Gemfile names itself, as far as its lines are plain. */
export interface GemfileGems {
  /** Wanted whatever the groups, the platform and the environment. */
  readonly always: ReadonlySet<string>
  /** Only within a group, for a platform, or under a condition. */
  readonly sometimes: ReadonlySet<string>
  /** The groups of each gem, of all its lines together; null for one of which they can't be told. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string> | null>
  /** What its unconditional lines ask of a gem's version, as RubyGems writes it (`= 1.5.9`); gems of other sources than a registry are left out. */
  readonly requirements: ReadonlyMap<string, readonly string[]>
  /** Groups that are left out unless Bundler's setting `with` names them. */
  readonly optionalGroups: ReadonlySet<string>
}

const gemLine = /^gem[ \t(]+["']([^"'#]+)["'](.*)$/
const narrowingOption = /(?:\b|:)(?:groups?|platforms?|install_if|optional)["']?(?::|[ \t]*=>)|[ \t)](?:if|unless)\b/
const otherSource = /(?:\b|:)(?:git|github|gist|bitbucket|path|source|ref|branch|tag)["']?(?::|[ \t]*=>)/
/** What stands behind the name and is computed: it may hold a group. */
const computed = /\*\*|[,(][ \t]*(?:\*|&)|,[ \t]*[a-z_]\w*[ \t]*(?:[,)(]|$)/

/** Reads the `gem` lines of a Gemfile without running it (Bundler's lib/bundler/dsl.rb). */
export function readGemfileGems(text: string, around: Surroundings = alone): GemfileGems {
  const always = new Set<string>()
  const sometimes = new Set<string>()
  const groups = new Map<string, ReadonlySet<string> | null>()
  const requirements = new Map<string, readonly string[]>()
  const optionalGroups = new Set<string>()
  for (const { text: line, blocks } of readBlocks(text, around)) {
    const [, name, rest = ''] = gemLine.exec(line) ?? []
    if (name !== undefined) {
      const isComputed = computed.test(rest)
      const isNarrowed = blocks.some(({ narrows }) => narrows) || narrowingOption.test(rest)
      if (!isComputed) (isNarrowed ? sometimes : always).add(name)
      if (!isComputed && !isNarrowed && !otherSource.test(rest) && !blocks.some(({ isSource }) => isSource))
        requirements.set(name, [...(requirements.get(name) ?? []), ...requirementsIn(rest)])
      const mine = isComputed ? null : together([...blocks.map((block) => block.groups), groupsOfOption(rest)])
      groups.set(name, together([...(groups.has(name) ? [groups.get(name) ?? null] : []), mine?.size === 0 ? ['default'] : mine]))
    }
    if (/^group\b/.test(line) && /\boptional(?::|[ \t]*=>)[ \t]*true\b/.test(line))
      for (const group of namesIn(line.replace(/^group\b[ \t(]*/, '')) ?? []) optionalGroups.add(group)
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
  const [, value] = /(?:\b|:)groups?["']?(?::|[ \t]*=>)[ \t]*(.*)$/.exec(options) ?? []
  if (value === undefined) return []
  const list = /^(?:%[iw]?\[[^\]]*\]|\[[^\]]*\]|[^,)}]*)/.exec(value)?.[0] ?? ''
  return namesIn(list.trim().replace(/^\[|\]$/g, ''))
}
