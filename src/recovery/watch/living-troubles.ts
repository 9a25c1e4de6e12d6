import { readExceptionLine } from '../../formats/crash-report/exception-line.ts'
import { stripAnsi, stripPrefix } from '../../formats/crash-report/log-prefix.ts'
import type { Clock } from '../../resilience/drive.ts'

/** What hurts a process as such, and what a server or an application may survive all the same. */
export type Trouble = 'trap-context' | 'stack' | 'memory'

/** Ruby's own words: `thread_sync.c` and `logger.rb`, `vm_insnhelper.c` and `thread.c`, `gc.c`. */
const forms: readonly (readonly [RegExp, Trouble])[] = [
  [/can't be called from trap context/, 'trap-context'],
  [/stack level too deep|machine stack overflow/, 'stack'],
  [/failed to allocate memory/, 'memory'],
]

export function troubleOf(text: string): Trouble | null {
  return forms.find(([form]) => form.test(text))?.[1] ?? null
}

/** How often a run is looked at for each trouble: one that repeats itself tells nothing new. */
const maxTellings = 8

/** Waits after a line that tells of a trouble: a run that dies of it tells by its death, one that goes on by this. */
export class LivingTroubles {
  readonly #clock: Clock
  readonly #waitMs: number
  readonly #tell: (trouble: Trouble) => void
  readonly #tellings = new Map<Trouble, number>()
  readonly #waiting = new Map<Trouble, () => void>()

  constructor(clock: Clock, waitMs: number, tell: (trouble: Trouble) => void) {
    this.#clock = clock
    this.#waitMs = waitMs
    this.#tell = tell
  }

  /** A line of the run's stderr. */
  see(line: string): void {
    const trouble = troubleOf(line)
    if (trouble === null || this.#waiting.has(trouble) || readExceptionLine(stripPrefix(stripAnsi(line)).text) === null) return
    const tellings = this.#tellings.get(trouble) ?? 0
    if (tellings === maxTellings) return
    this.#tellings.set(trouble, tellings + 1)
    this.#waiting.set(
      trouble,
      this.#clock.at(this.#clock.nowMs() + this.#waitMs, () => this.#due(trouble)),
    )
  }

  /** The run ended as asked: what it had is told now. */
  flush(): void {
    for (const trouble of this.#waiting.keys()) this.#due(trouble)
  }

  /** Tells nothing more. */
  stop(): void {
    for (const disarm of this.#waiting.values()) disarm()
    this.#waiting.clear()
  }

  #due(trouble: Trouble): void {
    this.#waiting.get(trouble)?.()
    this.#waiting.delete(trouble)
    this.#tell(trouble)
  }
}
