import { TextLines } from '../formats/text-lines/text-lines.ts'

/** Of a longer line the log shows the beginning. */
const maxLineBytes = 4_096

/** Cuts what each run writes into lines, stdout and stderr apart. */
export class WorkerOutput {
  readonly #line: (worker: number, line: string) => void
  readonly #runs = new Map<number, { readonly worker: number; readonly streams: Map<string, TextLines> }>()

  constructor(line: (worker: number, line: string) => void) {
    this.#line = line
  }

  begin(worker: number, run: number): void {
    this.#runs.set(run, { worker, streams: new Map() })
  }

  push(run: number, stream: string, chunk: Buffer): void {
    const known = this.#runs.get(run)
    if (known === undefined) return
    let lines = known.streams.get(stream)
    if (lines === undefined) {
      lines = new TextLines(maxLineBytes)
      known.streams.set(stream, lines)
    }
    for (const line of lines.push(chunk)) this.#line(known.worker, line)
  }

  /** Gives the last lines, also those without an end. */
  end(run: number): void {
    const known = this.#runs.get(run)
    for (const lines of known?.streams.values() ?? []) for (const line of lines.end()) this.#line(known?.worker ?? 0, line)
    this.#runs.delete(run)
  }
}
