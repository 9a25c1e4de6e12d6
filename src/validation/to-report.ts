import type { Inspection } from './inspect-bundle.ts'
import type { InspectedGem } from './inspect-gems.ts'
import { isCommand } from './remedies/command-line.ts'
import type { Observation } from './observation.ts'
import type { Runtime } from './runtime/runtime.ts'
import type { Finding, GemCompatibilityReport, ValidationReport, Verdict } from './validation-report.ts'

export function toReport(inspection: Inspection, findings: readonly Finding[], runtime: Runtime, tookMs: number): ValidationReport {
  const gems = inspection.gems.map((gem) => toGemReport(gem, findings, inspection.observations, runtime))
  return {
    verdict: overall(inspection, findings, gems),
    findings,
    gems,
    ruby: { version: runtime.version, abi: runtime.abi, path: runtime.rubyPath },
    scope: inspection.scope,
    extensions: inspection.gems.reduce((sum, { extensions }) => sum + extensions.length, 0),
    tookMs,
  }
}

/** An error is incompatible. Without one, *compatible* needs positive evidence for every extension of the app. */
function overall(
  { all, observations, unseen }: Inspection,
  findings: readonly Finding[],
  gems: readonly GemCompatibilityReport[],
): Verdict {
  if (findings.some(({ severity }) => severity === 'error')) return 'incompatible'
  if (unseen.length > 0 || gems.some(({ compatibilityStatus }) => compatibilityStatus !== 'compatible')) return 'unknown'
  const nothingFound = all.size === 0 && observations.some(({ code }) => code === 'GEM_ABSENT')
  return nothingFound ? 'unknown' : 'compatible'
}

function toGemReport(
  { gem, builtFor, verdict }: InspectedGem,
  findings: readonly Finding[],
  observations: readonly Observation[],
  runtime: Runtime,
): GemCompatibilityReport {
  const mine = findings.filter((finding) => finding.gem === gem.name)
  const errors = mine.filter(({ severity }) => severity === 'error')
  const status = errors.length > 0 ? 'incompatible' : verdict === 'incompatible' ? 'compatible' : verdict
  const rebuilt = errors.find((error) => recompiles(error, observations))
  const remedy = (rebuilt?.remedy ?? []).filter(isCommand)
  return {
    gemName: gem.name,
    installedVersion: gem.version,
    rubyVersionCompiledFor: builtFor,
    currentRubyVersion: runtime.version,
    compatibilityStatus: status,
    recompilationRequired: rebuilt !== undefined,
    recompilationCommand: remedy.length > 0 ? remedy.join(' && ') : null,
  }
}

/** Whether the gem itself is put there anew; else the system, its permissions or another version mend it. */
function recompiles({ code, gem, explanation }: Finding, observations: readonly Observation[]): boolean {
  const seen = observations.find((each) => each.code === code && each.gem === gem && explanation.startsWith(each.explanation))
  return seen !== undefined && ['Rebuild', 'Build', 'SourceBuild', 'Install'].includes(seen.mend.tag)
}
