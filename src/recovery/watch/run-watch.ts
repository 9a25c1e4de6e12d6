import { isBugLine } from '../../formats/crash-report/bug-line.ts'
import type { ExceptionNote, Finding } from '../../formats/crash-report/crash-report.ts'
import { CrashReportReader } from '../../formats/crash-report/crash-report-reader.ts'
import { TextLines } from '../../formats/text-lines/text-lines.ts'
import type { Outside } from '../../part.ts'
import { drive, type Driver } from '../../resilience/drive.ts'
import { LivingTroubles, troubleOf, type Trouble } from './living-troubles.ts'
import { ReportKeeper } from './report-keeper.ts'
import type { RecoverySettings } from '../options.ts'
import { quiet, stepSuspicion, suspicionDueAt, type Suspicion, type SuspicionEffect, type SuspicionEvent } from './suspicion.machine.ts'

/** Longer than any header that Ruby writes: a position is cut at 256 bytes (error.c). */
const maxLineBytes = 4_096

/** Output from before a report that is kept with it. */
const contextBytes = 8_192

/** Section rules of a report, padded with dashes to 76 columns (vm_dump.c). */
const section = /^-- .{4,40} information -{10,}/

/** The line behind the first (version.c); a program may also print it by itself. */
const description = /^ruby \d\.\d+\.\d+\S* \([^)]*\).* \[[\w.-]+\]$/

export interface WatchedRun {
  readonly worker: number
  readonly run: number
  readonly pid: number
}

export type RunWatchSettings = Pick<RecoverySettings, 'maxReportBytes' | 'suspicionMs' | 'settleWithinMs'>

export type RunWatchEffect = SuspicionEffect | { readonly tag: 'TellTrouble'; readonly note: ExceptionNote }

/** Watches the stderr of one run for the beginning of a crash report and for troubles that it survives, and keeps its text. */
export class RunWatch {
  readonly run: WatchedRun
  readonly #lines = new TextLines(maxLineBytes)
  readonly #kept: ReportKeeper
  readonly #driver: Driver<Suspicion, SuspicionEvent>
  readonly #troubles: LivingTroubles
  readonly #perform: (effect: RunWatchEffect) => void
  /** Up to which line of its text each trouble has been told. */
  readonly #toldLine = new Map<Trouble, number>()

  constructor(run: WatchedRun, settings: RunWatchSettings, outside: Outside, perform: (effect: RunWatchEffect) => void) {
    this.run = run
    this.#perform = perform
    this.#kept = new ReportKeeper(settings.maxReportBytes)
    this.#troubles = new LivingTroubles(outside.clock, settings.settleWithinMs, (trouble) => this.#tellTrouble(trouble))
    this.#driver = drive(
      {
        initial: quiet,
        step: (state, event, moment) => stepSuspicion(state, event, moment, settings),
        dueAt: suspicionDueAt,
        due: { tag: 'Due' },
      },
      outside.clock,
      () => outside.random(),
      perform,
    )
  }

  push(chunk: Buffer): void {
    const lines = this.#lines.push(chunk)
    const { tag } = this.#driver.state()
    if ((tag === 'Quiet' || tag === 'Dismissed') && lines.some(isBugLine)) this.#kept.mark(contextBytes)
    this.#kept.push(chunk)
    for (const line of lines) {
      if (isBugLine(line)) this.#driver.send({ tag: 'BugLine', line })
      else if (this.#isOfReport(line)) this.#driver.send({ tag: 'ReportGoesOn' })
      else this.#troubles.see(line)
    }
  }

  /** The answer to `AskRun`. */
  answered(answers: boolean): void {
    this.#driver.send({ tag: answers ? 'Answered' : 'Unanswered' })
  }

  /** Bytes of its output that were not kept. */
  get droppedBytes(): number {
    return this.#kept.droppedBytes
  }

  /** What it wrote, as far as kept. */
  text(): Buffer {
    return this.#kept.text()
  }

  /** What its text tells of its death, as far as kept: without troubles that it is known to have survived. */
  findings(): readonly Finding[] {
    return this.#read().filter((found) => {
      const trouble = found.tag === 'ExceptionNote' ? troubleOf(found.message) : null
      const toldLine = trouble === null ? undefined : this.#toldLine.get(trouble)
      // A logger that may not write swallows its error (logger.rb): the next one doesn't kill either.
      return toldLine === undefined || (found.atLine > toldLine && 'message' in found && !found.message.includes('log writing failed'))
    })
  }

  /** It ended as asked, or is watched no longer: what it survived is told now. */
  close(): void {
    this.#troubles.flush()
    this.stop()
  }

  /** It died. */
  stop(): void {
    this.#troubles.stop()
    this.#driver.stop()
  }

  #isOfReport(line: string): boolean {
    const { tag } = this.#driver.state()
    return tag !== 'Quiet' && (section.test(line) || (tag !== 'Dismissed' && description.test(line)))
  }

  #tellTrouble(trouble: Trouble): void {
    const toldLine = this.#toldLine.get(trouble) ?? 0
    for (const found of this.#read()) {
      if (found.tag !== 'ExceptionNote' || found.atLine <= toldLine || troubleOf(found.message) !== trouble) continue
      this.#toldLine.set(trouble, found.atLine)
      this.#perform({ tag: 'TellTrouble', note: found })
    }
  }

  #read(): readonly Finding[] {
    const reader = new CrashReportReader()
    reader.push(this.text())
    return reader.end()
  }
}
