import { stripVTControlCharacters } from 'node:util'
import { redactReport } from '../redact.ts'

/** A crash that bezel's log tells in one line, because its report was kept for the incident. */
export interface IncidentPointer {
  readonly id: string
  readonly summary: string
}

const lineFeed = 10
const needle = ': bezel incidents '
const pointer = /(worker \d{1,9}[:,][^\n]*)\. Incident (\d{8}-\d{6}-\d{1,12}-[0-9a-z]{3}): bezel incidents \2(?![0-9a-z])/
/** Longest line of bezel's log, in bytes. */
const reachBytes = 4_096
const mostKept = 1_000

/** Finds the incidents that a log of bezel names, readable or JSON, as it goes by. */
export class IncidentPointers {
  readonly #found = new Map<string, IncidentPointer>()
  #carry = Buffer.alloc(0)

  /** Each once, in the order of the log; of very many the last ones. */
  get found(): readonly IncidentPointer[] {
    return [...this.#found.values()]
  }

  push(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#carry, chunk])
    for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + 1))
      this.#take(bytes.subarray(Math.max(0, at - reachBytes, bytes.lastIndexOf(lineFeed, at) + 1), at + 100).toString('utf8'))
    // What a chunk cuts is whole in the next look; what was seen twice counts once.
    this.#carry = Buffer.from(bytes.subarray(Math.max(0, bytes.length - reachBytes)))
  }

  #take(text: string): void {
    const [, summary = '', id = ''] = pointer.exec(text) ?? []
    if (id === '') return
    this.#found.set(id, { id, summary: redactReport(stripVTControlCharacters(summary)) })
    const oldest = this.#found.keys().next()
    if (this.#found.size > mostKept && oldest.done !== true) this.#found.delete(oldest.value)
  }
}
