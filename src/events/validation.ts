/** Facts of VersionValidator. */
export type ValidationEvent =
  | {
      readonly tag: 'ValidationFinished'
      readonly verdict: 'compatible' | 'incompatible' | 'unknown'
      readonly findings: number
      readonly tookMs: number
      /** No file had changed since an earlier validation: none was read again. */
      readonly unchanged?: true
    }
  | {
      readonly tag: 'GemRefused'
      readonly gem: string
      readonly code: string
      readonly explanation: string
      readonly remedy: readonly string[]
    }
