import { BezelError } from '../../errors.ts'
import type { BezelEvent } from '../../events.ts'
import { redact } from '../../redact.ts'
import type { LineSink } from '../../system/line-sink.ts'
import type { Fields } from './bounded-record.ts'
import { tellFact, type Level } from './fact-sentences.ts'
import { createJsonLines, createTextLines } from './log-lines.ts'

/** Where a log goes, and how its lines look: for another process that writes to the same place. */
export interface LogPlace {
  readonly fd: number
  readonly format: 'json' | 'text'
  readonly level: Level
}

/** bezel's log. Nothing in it throws or blocks; what the destination doesn't take is dropped and counted. */
export interface Log {
  readonly place: LogPlace
  /** A fact: its fields, its `tag`, and a sentence. */
  fact(fact: BezelEvent): void
  /** A readable line ends in `shown`: by default all fields. */
  message(level: Level, message: string, fields?: Fields, shown?: Fields): void
  /** An error with its code, remedy and, at level debug or for one that nobody foresaw, its stack. */
  failure(error: unknown): void
  /** One line of a worker's output, whatever the level; with or without its line feed, in whatever bytes the worker wrote. */
  output(worker: number, line: string | Uint8Array): void
  /** Lines lost so far. */
  dropped(): number
  /** Flushes what the destination takes within `withinMs`. Idempotent. */
  close(withinMs: number): Promise<void>
}

export interface LogOptions extends LogPlace {
  readonly sink: LineSink
  readonly colour: boolean
  /** Time of day, for readable lines. */
  readonly now: () => Date
}

const decoder = new TextDecoder()

/** Bytes of one line of output that are looked at. */
const maxLineBytes = 4_096

export function createLog({ sink, fd, format, colour, level, now }: LogOptions): Log {
  let told = 0
  const write = (line: string) => {
    const before = sink.dropped()
    sink.write(line)
    if (sink.dropped() > before || before === told) return
    const lost = before - told
    told = before
    lines.message('warn', `${lost} log lines were lost: the destination did not take them`, { lost }, {})
  }
  const lines = format === 'json' ? createJsonLines(level, write) : createTextLines(level, colour, now, write)
  return {
    place: { fd, format, level },
    fact(fact) {
      const { level, message } = tellFact(fact)
      lines.message(level, redact(message), { ...fact }, 'remedy' in fact ? toTry(fact.remedy) : {})
    },
    message(level, message, fields = {}, shown = fields) {
      lines.message(level, redact(message), fields, shown)
    },
    failure(error) {
      const { message, fields, remedy } = describe(error, level === 'debug')
      lines.message('error', redact(message), remedy.length > 0 ? { ...fields, remedy } : fields, { ...fields, ...toTry(remedy) })
    },
    output(worker, line) {
      const text = typeof line === 'string' ? line.slice(0, maxLineBytes) : decoder.decode(line.subarray(0, maxLineBytes))
      lines.output(worker, redact(text.replace(/[\r\n]+$/, '')))
    },
    dropped: () => sink.dropped(),
    close: (withinMs) => sink.close(withinMs),
  }
}

/** What to do, as a readable line shows it. */
export function toTry(remedy: readonly string[]): Fields {
  return remedy.length > 0 ? { try: remedy.join('; ') } : {}
}

function describe(error: unknown, withStack: boolean): { message: string; fields: Fields; remedy: readonly string[] } {
  if (!(error instanceof Error)) return { message: String(error), fields: { code: 'INTERNAL' }, remedy: [] }
  const foreseen = error instanceof BezelError
  const stack = withStack || !foreseen ? { stack: error.stack } : {}
  const cause = error.cause instanceof Error ? { cause: error.cause.message } : {}
  return {
    message: error.message,
    fields: { code: foreseen ? error.code : 'INTERNAL', ...cause, ...stack },
    remedy: foreseen ? error.remedy : [],
  }
}
