import { findingRules, type Severity } from './findings.ts'
import type { Inspection } from './inspect-bundle.ts'
import type { Observation } from './observation.ts'
import type { IgnoredFinding } from './options.ts'
import { chooseRemedy } from './remedies/choose-remedy.ts'
import type { Place } from './remedies/place.ts'
import type { Finding } from './validation-report.ts'

const order: readonly Severity[] = ['error', 'warning', 'note']

/** Turns what was seen into findings with remedies for the place (none without one), worst first. */
export function toFindings(inspection: Inspection, place: Place | null, ignore: readonly IgnoredFinding[], today: string): Finding[] {
  return inspection.observations
    .map((observation) => toFinding(observation, inspection, place, ignore, today))
    .sort((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity))
}

function toFinding(
  observation: Observation,
  { all }: Inspection,
  place: Place | null,
  ignore: readonly IgnoredFinding[],
  today: string,
): Finding {
  const { code, gem, evidence, explanation, mend } = observation
  const entries = ignore.filter((each) => each.code === code && each.gem === gem)
  const silenced = entries.find(({ until }) => until >= today)
  return {
    code,
    gem,
    evidence,
    severity: silenced === undefined ? findingRules[code].severity : 'note',
    explanation: `${explanation}${silencing(silenced, entries)}`,
    remedy: place === null ? [] : chooseRemedy(place, gem === null ? null : (all.get(gem) ?? null), mend),
  }
}

function silencing(silenced: IgnoredFinding | undefined, entries: readonly IgnoredFinding[]): string {
  if (silenced !== undefined) return ` Ignored until ${silenced.until}: ${silenced.reason}.`
  const [last] = entries.toSorted((one, other) => other.until.localeCompare(one.until))
  return last === undefined ? '' : ` It was ignored until ${last.until} (${last.reason}), and that day is over.`
}
