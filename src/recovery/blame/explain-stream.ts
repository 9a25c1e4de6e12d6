import type { Finding } from '../../formats/crash-report/crash-report.ts'
import { CrashReportReader } from '../../formats/crash-report/crash-report-reader.ts'
import { toEvents } from './event.ts'
import type { Evidence } from './evidence.ts'
import { explainEvent, type ExplainedEvent } from './explain-log.ts'

/** Findings held until it is clear to which death they belong. */
const maxPending = 64

/** Explains each death of a log of any length as it goes by; holds a few findings only. */
export class ExplainStream {
  readonly #known: Omit<Evidence, 'findings'>
  readonly #onDeath: (death: ExplainedEvent) => void
  readonly #reader = new CrashReportReader((finding) => this.#take(finding))
  #pending: Finding[] = []

  constructor(known: Omit<Evidence, 'findings'>, onDeath: (death: ExplainedEvent) => void) {
    this.#known = known
    this.#onDeath = onDeath
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk)
  }

  end(): void {
    this.#reader.end()
    this.#tell(0)
  }

  #take(finding: Finding): void {
    this.#pending.push(finding)
    if (this.#pending.length >= maxPending) this.#tell(1)
  }

  /** Tells all deaths but the last few, which may still get findings. */
  #tell(kept: number): void {
    const events = toEvents(this.#pending.toSorted((a, b) => a.atLine - b.atLine))
    const whole = kept === 0 || events.length <= kept ? events : events.slice(0, -kept)
    for (const event of whole) this.#onDeath(explainEvent(event, this.#known))
    this.#pending = events.slice(whole.length).flatMap(({ main, others }) => [main, ...others])
  }
}
