import causes from '../../../data/known-causes/known-causes.json' with { type: 'json' }
import packages from '../../../data/known-causes/packages.json' with { type: 'json' }
import type { Confidence, TroubleKind } from './explanation.ts'
import { meetsRequirement } from './gem-version.ts'

/** What of an event a known cause may ask for. Lists hold everything seen, strings the one thing blamed. */
export interface Facts {
  readonly on: 'CrashReport' | 'LoadFailure' | 'AbortNote' | 'ExceptionNote' | 'DeathNote' | 'Exit'
  readonly kind: TroubleKind
  readonly gem: string | null
  /** Version of each gem that the evidence names. */
  readonly versions: ReadonlyMap<string, string>
  readonly library: string | null
  readonly file: string | null
  readonly why: string | null
  readonly by: string | null
  readonly subject: string | null
  readonly symbol: string | null
  readonly message: string
  readonly className: string | null
  readonly ruby: string | null
  readonly platform: string | null
  readonly flags: readonly string[]
  /** `SEGV`, `KILL`, … */
  readonly signal: string | null
  /** Where only a status tells: the exception that nobody rescued. */
  readonly uncaught: string | null
  readonly traits: readonly string[]
  readonly cMethod: string | null
  readonly cSymbols: readonly string[]
  readonly cLibraries: readonly string[]
  readonly mapped: readonly string[]
  /** All telling text of the event, for signatures that have no better place. */
  readonly text: string
}

/** The conditions of `data/known-causes/known-causes.json`; all that are given must hold. Strings are regular expressions unless said otherwise. */
interface Signature {
  readonly kind?: readonly string[]
  readonly why?: readonly string[]
  readonly by?: readonly string[]
  readonly signal?: readonly string[]
  readonly traits?: readonly string[]
  readonly gem?: readonly string[]
  readonly gemOrNone?: readonly string[]
  readonly noGem?: boolean
  readonly hasGem?: boolean
  /** Requirement on the blamed gem's version. */
  readonly versions?: Readonly<Record<string, string | undefined>>
  /** Requirement on a gem that is loaded, whoever is blamed. */
  readonly loaded?: Readonly<Record<string, string | undefined>>
  readonly subject?: string
  readonly symbol?: string
  readonly message?: string
  readonly className?: string
  readonly library?: string
  readonly platform?: string
  /** Requirement, not an expression. */
  readonly ruby?: string
  readonly flag?: string
  readonly cMethod?: string
  readonly cSymbol?: string
  readonly cLibrary?: string
  readonly mapped?: string
  readonly mapped2?: string
  readonly text?: string
  readonly text2?: string
}

export interface KnownCause {
  readonly id: string
  readonly title: string
  readonly on: readonly string[]
  readonly when: Signature
  /** Confidence that a match gives at least. */
  readonly raises?: Confidence
  /** Confidence that a match leaves at most: the damage shows in innocent places. */
  readonly lowers?: Confidence
  /** Whom the cause blames where the evidence names nobody. */
  readonly culprit?: { readonly gem?: string; readonly library?: string }
  readonly remedy: readonly string[]
  /** Where it is told of in public. */
  readonly link: string
}

const knownCauses = causes as readonly KnownCause[]

/** The first cause whose whole signature holds: the file lists the narrow ones first. */
export function findKnownCause(facts: Facts): KnownCause | null {
  return knownCauses.find((cause) => cause.on.includes(facts.on) && holds(cause.when, facts)) ?? null
}

function holds(when: Signature, facts: Facts): boolean {
  if (!among(when.kind, facts.kind) || !among(when.why, facts.why) || !among(when.by, facts.by) || !among(when.signal, facts.signal))
    return false
  if (!among(when.gem, facts.gem) || (facts.gem !== null && !among(when.gemOrNone, facts.gem))) return false
  if ((when.noGem === true && facts.gem !== null) || (when.hasGem === true && facts.gem === null)) return false
  if (when.traits?.some((trait) => !facts.traits.includes(trait)) === true) return false
  if (when.ruby !== undefined && (facts.ruby === null || !meetsRequirement(facts.ruby, when.ruby))) return false
  if (when.flag !== undefined && !facts.flags.includes(when.flag)) return false
  if (when.versions !== undefined && !Object.entries(when.versions).some(([gem, wanted]) => isVersion(gem, wanted, facts))) return false
  if (when.loaded !== undefined && !Object.entries(when.loaded).some(([gem, wanted]) => isLoadedVersion(gem, wanted, facts))) return false
  return (
    matches(when.subject, facts.subject) &&
    matches(when.symbol, facts.symbol) &&
    matches(when.message, facts.message) &&
    matches(when.className, facts.className) &&
    matches(when.library, facts.library) &&
    matches(when.platform, facts.platform) &&
    matches(when.cMethod, facts.cMethod) &&
    matchesAny(when.cSymbol, facts.cSymbols) &&
    matchesAny(when.cLibrary, facts.cLibraries) &&
    matchesAny(when.mapped, facts.mapped) &&
    matchesAny(when.mapped2, facts.mapped) &&
    matches(when.text, facts.text) &&
    matches(when.text2, facts.text)
  )
}

function isVersion(gem: string, wanted: string | undefined, facts: Facts): boolean {
  return facts.gem === gem && isLoadedVersion(gem, wanted, facts)
}

function isLoadedVersion(gem: string, wanted: string | undefined, facts: Facts): boolean {
  const version = facts.versions.get(gem)
  return version !== undefined && wanted !== undefined && meetsRequirement(version, wanted)
}

function among(wanted: readonly string[] | undefined, value: string | null): boolean {
  return wanted === undefined || (value !== null && wanted.includes(value))
}

function matches(form: string | undefined, value: string | null): boolean {
  return form === undefined || (value !== null && new RegExp(form).test(value))
}

function matchesAny(form: string | undefined, values: readonly string[]): boolean {
  if (form === undefined) return true
  const wanted = new RegExp(form)
  return values.some((value) => wanted.test(value))
}

/** Fills `{gem}`, `{version}`, `{file}`, … into a remedy. `[[…]]` is left out where a name in it is not known; so is a whole line. */
export function fillRemedy(lines: readonly string[], names: Readonly<Record<string, string | null>>): string[] {
  const filled: string[] = []
  for (const line of lines) {
    const chosen = line.replace(/\[\[(.*?)\]\]/g, (_, inner: string) => (missing(inner, names) ? '' : inner)).trim()
    if (chosen === '' || missing(chosen, names)) continue
    const told = chosen.replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole)
    if (!filled.includes(told)) filled.push(told)
  }
  return filled
}

function missing(text: string, names: Readonly<Record<string, string | null>>): boolean {
  return [...text.matchAll(/\{(\w+)\}/g)].some(([, name = '']) => name in names && names[name] === null)
}

/** The Debian package that holds a library; null where the list does not know it. */
export function packageOf(library: string): string | null {
  return packages.packages.find(([form = '']) => new RegExp(form).test(library))?.[1] ?? null
}
