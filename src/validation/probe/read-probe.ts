export type FileOutcome =
  | { readonly tag: 'Loaded' }
  | { readonly tag: 'Raised'; readonly error: string; readonly message: string }
  /** Not reached: the process ended before. */
  | { readonly tag: 'Unreached' }

export interface ProbeRun {
  readonly outcomes: readonly FileOutcome[]
  readonly end:
    | { readonly tag: 'Finished' }
    /** Died: while loading `file`, or (null) between two, or after the last. `atExit`: all were loaded, it was ending. */
    | { readonly tag: 'Died'; readonly file: number | null; readonly how: string; readonly atExit: boolean }
    /** Did not come back: it waited beyond its time, or used up its processor time. */
    | { readonly tag: 'Hung'; readonly file: number | null; readonly spent: 'time' | 'processor' }
    | { readonly tag: 'NotStarted'; readonly why: string }
  /** What it wrote to stderr, bounded. */
  readonly stderr: string
}

export interface Ending {
  /** What it wrote to its report: lines of `start N`, `ok N`, `raised N CLASS MESSAGE`, at last `done`. */
  readonly told: string
  readonly stderr: string
  /** Why it could not be run. */
  readonly failure: string | null
  readonly hung: boolean
  /** Null where it ended by itself, or was ended for being late with its end. */
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
}

/** What a process that loaded `count` files told of it. An extension may have written to its report as well. */
export function readProbe(count: number, { told, stderr, failure, hung, signal, code }: Ending): ProbeRun {
  const outcomes: FileOutcome[] = Array.from({ length: count }, () => ({ tag: 'Unreached' }))
  const how = signal ?? `exit status ${code}`
  let started: number | null = null
  let done = false
  for (const line of told.split('\n')) {
    const [, verb, number, error = '', message = ''] = /^(start|ok|raised|done)(?: (\d+))?(?: (\S+) (.*))?$/.exec(line) ?? []
    const index = Number(number ?? -1)
    if (verb === 'done') done = true
    else if (verb === undefined || index < 0 || index >= count) continue
    else if (verb === 'start') started = index
    else {
      outcomes[index] = verb === 'ok' ? { tag: 'Loaded' } : { tag: 'Raised', error, message }
      started = null
    }
  }
  const spent = signal === 'SIGXCPU'
  if (failure !== null || (told === '' && !hung))
    return { outcomes, end: { tag: 'NotStarted', why: failure ?? firstLine(stderr, how) }, stderr }
  // What an extension's own code raises at the end is its own business, and so is how long it takes; a signal is not.
  if (done && (signal === null || spent)) return { outcomes, end: { tag: 'Finished' }, stderr }
  if (hung || spent) return { outcomes, end: { tag: 'Hung', file: started, spent: spent ? 'processor' : 'time' }, stderr }
  return { outcomes, end: { tag: 'Died', file: started, how, atExit: done }, stderr }
}

function firstLine(text: string, otherwise: string): string {
  return (text.split('\n').find((line) => line.trim() !== '') ?? otherwise).slice(0, 300)
}
