import { serverMessage } from '../../formats/pgwire/message-types.ts'
import { chunkEnd, type MessageWalker } from '../../formats/pgwire/message-walker.ts'
import type { ServerConnection, ServerReader } from './server-connection.ts'

/** Reads, and drops, what a server still answers to a client that is gone. */
export class Swallower implements ServerReader {
  #server: ServerConnection

  constructor(server: ServerConnection) {
    this.#server = server
  }

  onServerData(_chunk: Buffer, walker: MessageWalker): void {
    for (let type = walker.next(); type > chunkEnd; type = walker.next()) {
      if (type === serverMessage.ParameterStatus && walker.whole) this.#server.noteParameter(walker.buffer, walker.start, walker.end)
    }
    if (walker.fault !== '') this.#server.close(walker.fault)
  }

  onServerDrain(): void {}
  onServerClosed(): void {}
}
