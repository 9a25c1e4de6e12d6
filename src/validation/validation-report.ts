import type { FindingCode, Severity } from './findings.ts'
import type { Scope } from './gems/find-gems.ts'

export type Verdict = 'compatible' | 'incompatible' | 'unknown'

/** Something that was seen. */
export interface Evidence {
  readonly what: string
  /** The file or setting it was seen in. */
  readonly where: string
}

export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** Name of the gem; null for what concerns the app or Ruby as a whole. */
  readonly gem: string | null
  readonly evidence: readonly Evidence[]
  /** One sentence. */
  readonly explanation: string
  /** Commands (or, where nothing can be typed, one sentence) that mend it. */
  readonly remedy: readonly string[]
}

/** SPEC, "Gem Compatibility Report". */
export interface GemCompatibilityReport {
  readonly gemName: string
  readonly installedVersion: string
  /** `3.1`, or `3.1.0` where the full ABI is known; null when nothing tells. */
  readonly rubyVersionCompiledFor: string | null
  readonly currentRubyVersion: string
  readonly compatibilityStatus: Verdict
  readonly recompilationRequired: boolean
  /** Null when nothing has to be recompiled. */
  readonly recompilationCommand: string | null
}

export interface ValidationReport {
  readonly verdict: Verdict
  /** Worst first. */
  readonly findings: readonly Finding[]
  /** Gems with native code, by name. */
  readonly gems: readonly GemCompatibilityReport[]
  /** Runtime that was judged: `3.1.2`, its ABI and its interpreter; null when none could be read. */
  readonly ruby: { readonly version: string; readonly abi: string; readonly path: string } | null
  /** What was validated: the lock's gems, those that a Gemfile without a lock asks for with what they need, or all installed ones. */
  readonly scope: Scope
  readonly extensions: number
  readonly tookMs: number
}
