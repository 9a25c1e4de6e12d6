import { LineSplitter } from '../formats/crash-report/line-splitter.ts'

/** Cuts what each run writes into lines, stdout and stderr apart. */
export class WorkerOutput {
  readonly #line: (worker: number, line: string) => void
  readonly #runs = new Map<number, { readonly worker: number; readonly splitters: Map<string, LineSplitter> }>()

  constructor(line: (worker: number, line: string) => void) {
    this.#line = line
  }

  begin(worker: number, run: number): void {
    this.#runs.set(run, { worker, splitters: new Map() })
  }

  push(run: number, stream: string, chunk: Buffer): void {
    const known = this.#runs.get(run)
    if (known === undefined) return
    const { worker, splitters } = known
    let splitter = splitters.get(stream)
    if (splitter === undefined) {
      splitter = new LineSplitter((line) => this.#line(worker, line))
      splitters.set(stream, splitter)
    }
    splitter.push(chunk)
  }

  /** Gives the last lines, also those without an end. */
  end(run: number): void {
    for (const splitter of this.#runs.get(run)?.splitters.values() ?? []) splitter.end()
    this.#runs.delete(run)
  }
}
