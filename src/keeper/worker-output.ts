import { TextLines } from '../formats/text-lines/text-lines.ts'

/** Of a longer line the log shows the beginning. */
const maxLineBytes = 4_096

interface Output {
  readonly worker: number
  readonly streams: Map<string, TextLines>
  /** Lines that were kept back; null: all are passed on. */
  keptBack: number | null
}

/** Cuts what each run writes into lines, stdout and stderr apart, and passes them on. */
export class WorkerOutput {
  readonly #line: (worker: number, line: string) => void
  readonly #runs = new Map<number, Output>()

  constructor(line: (worker: number, line: string) => void) {
    this.#line = line
  }

  begin(worker: number, run: number): void {
    this.#runs.set(run, { worker, streams: new Map(), keptBack: null })
  }

  push(run: number, stream: string, chunk: Buffer): void {
    const output = this.#runs.get(run)
    if (output === undefined) return
    let lines = output.streams.get(stream)
    if (lines === undefined) {
      lines = new TextLines(maxLineBytes)
      output.streams.set(stream, lines)
    }
    for (const line of lines.push(chunk)) this.#pass(output, line)
  }

  /** What the run writes from now on is its crash report: hundreds of lines that its incident keeps, and that would bury what matters. */
  keepBack(run: number): void {
    const output = this.#runs.get(run)
    if (output !== undefined) output.keptBack ??= 0
  }

  /** The report is over, and the run goes on (mode `cluster`). */
  passOn(run: number): void {
    const output = this.#runs.get(run)
    if (output !== undefined) this.#tellKeptBack(output)
  }

  /** Gives the last lines, also those without an end, and says how many were kept back. */
  end(run: number): void {
    const output = this.#runs.get(run)
    if (output === undefined) return
    this.#runs.delete(run)
    for (const lines of output.streams.values()) for (const line of lines.end()) this.#pass(output, line)
    this.#tellKeptBack(output)
  }

  #tellKeptBack(output: Output): void {
    const { keptBack, worker } = output
    output.keptBack = null
    if (keptBack !== null && keptBack > 0) this.#line(worker, `… ${keptBack} lines of its crash report, kept for its incident`)
  }

  #pass(output: Output, line: string): void {
    if (output.keptBack === null) this.#line(output.worker, line)
    else output.keptBack += 1
  }
}
