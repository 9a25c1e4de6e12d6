/** Facts of ErrorRecoverySystem. */
export type RecoveryEvent =
  /** A line in the exact form of Ruby's `[BUG]`: take the run out of rotation, it may come back. */
  | { readonly tag: 'CrashSuspected'; readonly run: number; readonly line: string }
  | { readonly tag: 'CrashConfirmed'; readonly run: number }
  /** The suspected run goes on answering: an application may log such a line. */
  | { readonly tag: 'CrashDismissed'; readonly run: number }
  | {
      readonly tag: 'IncidentRecorded'
      readonly incident: string
      readonly kind: string
      readonly worker: number
      readonly run: number
      /** Gem or library that is blamed; null when unknown. */
      readonly culprit: string | null
      readonly summary: string
      /** `GET /orders`: the request that was alone in the run, without its query; null: there was not one such. */
      readonly request: string | null
      /** Its file; null: it could not be saved. */
      readonly path: string | null
      /** Why the incidents folder did not take it, so that `path` lies elsewhere or is null; null: it did. */
      readonly refusal: string | null
    }
  | {
      readonly tag: 'IncidentsFolderRefused'
      readonly folder: string
      readonly refusal: string
      /** Where incidents are kept instead; null: nowhere. */
      readonly spare: string | null
      readonly remedy: readonly string[]
    }
  | {
      readonly tag: 'DegradationChanged'
      readonly from: DegradationLevel
      readonly to: DegradationLevel
      readonly why: string
      readonly wayBack: string
    }

/** The ladder, best first. */
export type DegradationLevel = 'normal' | 'database-degraded' | 'reduced-capacity' | 'static-answers' | 'gave-up'
