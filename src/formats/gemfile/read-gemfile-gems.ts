import { namesIn } from './names-in.ts'
import { areOthers } from './other-platforms.ts'
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
  /**
   * What the lines that stand under no condition ask of a gem's version, as RubyGems writes it (`= 1.5.9`); those of groups too, because Bundler
   * resolves all. Gems of other sources than a registry are left out.
   */
  readonly requirements: ReadonlyMap<string, readonly string[]>
  /** Groups that are left out unless Bundler's setting `with` names them. */
  readonly optionalGroups: ReadonlySet<string>
  /** For platforms only on which this Ruby never runs: Bundler neither resolves nor loads them. */
  readonly forOthers: ReadonlySet<string>
  /** Whether these are surely all: every line is plain, in this one file, takes gems from a registry, and asks for no version under a condition. */
  readonly isWhole: boolean
}

const gemLine = /^gem[ \t(]+["']([^"'#]+)["'](.*)$/
const groupOption = /(?:\b|:)(?:groups?|optional)["']?(?::|[ \t]*=>)/
const condition = /(?:\b|:)(?:platforms?|install_if)["']?(?::|[ \t]*=>)|[ \t)](?:if|unless)\b/
const otherSource = /(?:\b|:)(?:git|github|gist|bitbucket|path|source|ref|branch|tag)["']?(?::|[ \t]*=>)/
/** What stands behind the name and is computed: it may hold a group. */
const computed = /\*\*|[,(][ \t]*(?:\*|&)|,[ \t]*[a-z_]\w*[ \t]*(?:[,)(]|$)/

/** Words by which other lines may name a gem. */
const mayName =
  /\b(?:gem|gemspec|eval_gemfile|eval|instance_eval|class_eval|send|public_send|__send__|method|load|require_relative|plugin)\b/

/** Reads the `gem` lines of a Gemfile without running it (Bundler's lib/bundler/dsl.rb). */
export function readGemfileGems(text: string, around: Surroundings = alone): GemfileGems {
  const always = new Set<string>()
  const sometimes = new Set<string>()
  const groups = new Map<string, ReadonlySet<string> | null>()
  const requirements = new Map<string, readonly string[]>()
  const optionalGroups = new Set<string>()
  const here = new Set<string>()
  let isWhole = true
  for (const { text: line, blocks } of readBlocks(text, around)) {
    const [, name, rest = ''] = gemLine.exec(line) ?? []
    if (name !== undefined) {
      const isComputed = computed.test(rest)
      const isConditional = blocks.some((block) => block.isConditional) || condition.test(rest)
      const isNarrowed = isConditional || blocks.some(({ narrows }) => narrows) || groupOption.test(rest)
      if (!isComputed) (isNarrowed ? sometimes : always).add(name)
      const isForOthers = blocks.some((block) => block.isForOthers) || areOthers(namesOfOption(rest, platformsValue))
      if (isComputed || !isForOthers) here.add(name)
      const isOfOtherSource = otherSource.test(rest) || blocks.some(({ isSource }) => isSource)
      const asked = requirementsIn(rest)
      isWhole &&=
        !isComputed && !isOfOtherSource && (isForOthers || (hasPlainVersions(rest, asked.length) && !(isConditional && asked.length > 0)))
      if (!isComputed && !isConditional && !isOfOtherSource) requirements.set(name, [...(requirements.get(name) ?? []), ...asked])
      const mine = isComputed ? null : together([...blocks.map((block) => block.groups), namesOfOption(rest, groupsValue)])
      groups.set(name, together([...(groups.has(name) ? [groups.get(name) ?? null] : []), mine?.size === 0 ? ['default'] : mine]))
    } else isWhole &&= !mayName.test(line)
    if (/^group\b/.test(line) && /\boptional(?::|[ \t]*=>)[ \t]*true\b/.test(line))
      for (const group of namesIn(line.replace(/^group\b[ \t(]*/, '')) ?? []) optionalGroups.add(group)
  }
  return {
    always,
    sometimes: new Set([...sometimes].filter((name) => !always.has(name))),
    groups,
    requirements,
    optionalGroups,
    forOthers: new Set([...sometimes].filter((name) => !here.has(name))),
    isWhole,
  }
}

const versions = /^(?:[ \t]*,[ \t]*(?:"[^"#\n]*"|'[^'\n]*')(?![ \t]*=>))*/

/** Versions in quotes that follow the name directly. */
function requirementsIn(rest: string): string[] {
  const [listed = ''] = versions.exec(rest) ?? []
  const parts = [...listed.matchAll(/["'][ \t]*(?:([<>=!~]+)[ \t]*)?(\d[\w.]*)[ \t]*["']/g)]
  return parts.map(([, operator = '=', version = '']) => `${operator} ${version}`)
}

/** Whether `count` versions are all that it asks for: options may follow, or a condition, but nothing else that may be a version. */
function hasPlainVersions(rest: string, count: number): boolean {
  const [listed = ''] = versions.exec(rest) ?? []
  const options = /^[ \t]*(?:\)?[ \t]*$|\)?[ \t]+(?:if|unless)\b|,[ \t]*(?:\w+:(?!:)|:\w+[ \t]*=>|["']\w+["'](?::|[ \t]*=>)))/
  return (listed.match(/["']/g)?.length ?? 0) === 2 * count && options.test(rest.slice(listed.length))
}

function together(parts: readonly (Iterable<string> | null)[]): ReadonlySet<string> | null {
  return parts.includes(null) ? null : new Set(parts.flatMap((part) => [...(part ?? [])]))
}

const groupsValue = /(?:\b|:)groups?["']?(?::|[ \t]*=>)[ \t]*(.*)$/
const platformsValue = /(?:\b|:)platforms?["']?(?::|[ \t]*=>)[ \t]*(.*)$/

/** `group: :test`, `:groups => [:a, :b]`, `groups: %i[a b]`; empty without one. */
function namesOfOption(options: string, option: RegExp): readonly string[] | null {
  const [, value] = option.exec(options) ?? []
  if (value === undefined) return []
  const list = /^(?:%[iw]?\[[^\]]*\]|\[[^\]]*\]|[^,)}]*)/.exec(value)?.[0] ?? ''
  return namesIn(list.trim().replace(/^\[|\]$/g, ''))
}
