import { readErrorFields, type ErrorFields } from '../../formats/pgwire/error-fields.ts'
import { readCommandTag, readParameterStatus } from '../../formats/pgwire/message-fields.ts'
import { serverMessage, transactionStatus } from '../../formats/pgwire/message-types.ts'
import { chunkEnd, type MessageWalker } from '../../formats/pgwire/message-walker.ts'
import type { Clock } from '../../resilience/drive.ts'
import { readDataRow } from './read-data-row.ts'
import type { ServerConnection, ServerReader } from './server-connection.ts'

/** When an exchange is over: after so many ReadyForQuery, or at the first one after `application_name` was reported with this value. */
export type ExchangeEnd = { readonly readies: number } | { readonly marker: string }

export interface Answers {
  /** Rows of all results, in text; those that the connection's rules don't keep whole are left out. */
  readonly rows: readonly (readonly (string | null)[])[]
  /** The first error. */
  readonly error: ErrorFields | null
  /** Completion tags since the last error. */
  readonly tags: readonly string[]
  /** Transaction status byte of the last ReadyForQuery. */
  readonly status: number
}

/**
 * Says something to a server that no client has asked for, and reads the answers. Null: it did not answer in time, or it closed;
 * the connection is then in an unknown state and must not be used again.
 */
export function exchange(
  server: ServerConnection,
  bytes: Buffer,
  end: ExchangeEnd,
  withinMs: number,
  clock: Clock,
): Promise<Answers | null> {
  return new Promise((resolve) => {
    if (server.closed) return resolve(null)
    const disarm = clock.at(clock.nowMs() + withinMs, () => finish(null))
    const reader = new ExchangeReader(server.parameters, end, (answers) => finish(answers))
    const finish = (answers: Answers | null) => {
      disarm()
      server.leave(reader)
      resolve(answers)
    }
    server.read(reader)
    server.write(bytes)
  })
}

class ExchangeReader implements ServerReader {
  #parameters: Map<string, string>
  #end: ExchangeEnd
  #done: (answers: Answers | null) => void
  #rows: (string | null)[][] = []
  #error: ErrorFields | null = null
  #tags: string[] = []
  #readies = 0
  #marked = false

  constructor(parameters: Map<string, string>, end: ExchangeEnd, done: (answers: Answers | null) => void) {
    this.#parameters = parameters
    this.#end = end
    this.#done = done
  }

  onServerData(_chunk: Buffer, walker: MessageWalker): void {
    for (let type = walker.next(); type > chunkEnd; type = walker.next()) {
      if (!walker.whole) continue
      const { buffer, start, end } = walker
      if (type === serverMessage.DataRow) this.#rows.push(readDataRow(buffer, start, end))
      else if (type === serverMessage.CommandComplete) this.#tags.push(readCommandTag(buffer, start, end))
      else if (type === serverMessage.ErrorResponse) {
        this.#error ??= readErrorFields(buffer, start, end)
        this.#tags = []
      } else if (type === serverMessage.ParameterStatus) {
        const { name, value } = readParameterStatus(buffer, start, end) ?? { name: '', value: '' }
        this.#parameter(name, value)
      } else if (type === serverMessage.ReadyForQuery && this.#ready()) {
        return this.#done({ rows: this.#rows, error: this.#error, tags: this.#tags, status: buffer[start] ?? transactionStatus.Failed })
      }
    }
    if (walker.fault !== '') this.#done(null)
  }

  onServerDrain(): void {}

  onServerClosed(): void {
    this.#done(null)
  }

  #parameter(name: string, value: string): void {
    this.#parameters.set(name, value)
    if ('marker' in this.#end && name === 'application_name' && value === this.#end.marker) this.#marked = true
  }

  #ready(): boolean {
    this.#readies += 1
    return 'marker' in this.#end ? this.#marked : this.#readies >= this.#end.readies
  }
}
