import type { AppKnowledge } from '../recovery/blame/evidence.ts'
import type { ValidationReport } from '../validation/validation-report.ts'

/** What a crash is held against: for which Ruby each gem with native code was built, and what was found about it. */
export function toAppKnowledge({ gems, findings }: ValidationReport): AppKnowledge {
  return {
    gems: gems.map(({ gemName, installedVersion, rubyVersionCompiledFor, currentRubyVersion, compatibilityStatus }) => ({
      name: gemName,
      version: installedVersion,
      builtFor: rubyVersionCompiledFor,
      runsOn: currentRubyVersion,
      fits: compatibilityStatus,
    })),
    findings: findings.flatMap(({ gem, code, explanation, remedy, evidence }) =>
      gem === null
        ? []
        : [{ gem, code, text: explanation, remedy, file: evidence.find(({ where }) => /\.(?:so|bundle)$/.test(where))?.where ?? null }],
    ),
  }
}
