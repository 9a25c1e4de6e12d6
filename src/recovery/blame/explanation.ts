/** What kind of trouble it is, named by what has to be done about it. */
export type TroubleKind =
  | 'segfault'
  | 'abort'
  | 'oom'
  | 'abi-mismatch'
  | 'arch'
  | 'glibc'
  | 'missing-library'
  | 'symbol-lookup'
  | 'not-built'
  | 'load-error'
  | 'trap-context'
  | 'other'

/**
 * certain: the frame or message itself names it · likely: one step of inference · suspected: plausible, others are too ·
 * unknown: the evidence names nobody.
 */
export type Confidence = 'certain' | 'likely' | 'suspected' | 'unknown'

export interface Culprit {
  /** Gem name; null when Ruby itself, a system library or the machine is meant: see `library`. */
  readonly gem: string | null
  readonly version: string | null
  /** File name of the object (`pg_ext.so`, `libpq.so.5`), or `ruby`, `YJIT`. */
  readonly library: string | null
  /** Path of that object as the evidence gives it. */
  readonly file: string | null
  /** C function, without offset. */
  readonly function: string | null
  /** `file:line` of the Ruby code that called it. */
  readonly rubyLine: string | null
}

export interface Alternative {
  readonly who: string
  readonly why: string
}

/** The answer to: what happened, who, how sure and why, what to type. Plain data, already redacted. */
export interface Explanation {
  readonly kind: TroubleKind
  /** One sentence. */
  readonly summary: string
  readonly culprit: Culprit | null
  readonly confidence: Confidence
  /** What was seen, strongest first. */
  readonly evidence: readonly string[]
  /** Ranked, best first. */
  readonly alternatives: readonly Alternative[]
  /** Id in `data/known-causes`; null when none fits. */
  readonly causeId: string | null
  /** Commands or instructions, ready to follow. */
  readonly remedy: readonly string[]
  readonly link: string | null
  /** Groups repeats: kind, culprit and function; no address, no path of a host. 16 hexadecimal digits. */
  readonly fingerprint: string
  /** Ruby as the report describes it, `3.3.8`; null where it is not told. */
  readonly ruby: string | null
  readonly platform: string | null
}
