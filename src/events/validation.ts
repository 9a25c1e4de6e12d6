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
      /** What was seen, and in which file or setting. */
      readonly evidence: readonly { readonly what: string; readonly where: string }[]
      readonly remedy: readonly string[]
    }
