import { readErrorFields } from '../../formats/pgwire/error-fields.ts'
import { readParameterStatus } from '../../formats/pgwire/message-fields.ts'
import { serverMessage } from '../../formats/pgwire/message-types.ts'
import { chunkEnd, MessageWalker } from '../../formats/pgwire/message-walker.ts'
import { serverRules, type WalkRules } from '../../formats/pgwire/walk-rules.ts'
import type { ServerLink } from '../server-link/server-link.ts'

/** Who reads what the server sends. While there is nobody, the connection watches over itself. */
export interface ServerReader {
  /** A chunk that the connection's walker has been fed with. The reader walks it, and may hand over in the middle of it. */
  onServerData(chunk: Buffer, walker: MessageWalker): void
  /** What could not be written has been. */
  onServerDrain(): void
  onServerClosed(): void
}

/** A server that vanished without a word is noticed after this long without traffic, in milliseconds. */
const keepAliveMs = 30_000

/** Error and notice texts, parameters, completion tags: what is read in full although it spans chunks. */
const maxKeptBytes = 65_536
export const pooledRules: WalkRules = serverRules(maxKeptBytes)

/** One server connection, from its login to its end. It outlives the clients that use it, one after the other. */
export class ServerConnection {
  readonly pid: number
  readonly secret: Buffer
  /** What the server last reported by ParameterStatus. */
  readonly parameters: Map<string, string>
  /** Resolves when the cancel request that is under way for this connection has been delivered; null: there is none. */
  cancelling: Promise<void> | null = null
  /**
   * The server closed without having read what was written last: it had closed before (EPIPE), or, on a Unix socket,
   * it left something unread (ECONNRESET; `unix_release_sock` in Linux' net/unix/af_unix.c). Over TCP a reset proves nothing.
   */
  closedUnread = false
  #link: ServerLink
  #walker: MessageWalker
  #reader: ServerReader | null = null
  #closed: string | null = null
  #onClosed: (why: string) => void

  /** `onClosed` is called once, with the reason, whoever closed it. */
  constructor(link: ServerLink, rules: WalkRules, onClosed: (why: string) => void) {
    this.#link = link
    this.pid = link.pid
    this.secret = link.secret
    this.parameters = link.parameters
    this.#walker = new MessageWalker(rules)
    this.#onClosed = onClosed
    const { socket } = link
    const isUnix = socket.remoteFamily === undefined
    socket.setNoDelay(true)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.closedUnread = error.code === 'EPIPE' || (isUnix && error.code === 'ECONNRESET')
      this.close(error.message)
    })
    socket.setKeepAlive(true, keepAliveMs)
    socket.on('close', () => this.close('closed by the server'))
    socket.on('end', () => this.close('closed by the server'))
    socket.on('drain', () => this.#reader?.onServerDrain())
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    if (link.unread.length > 0) this.#read(link.unread)
    socket.resume()
  }

  /** Why it is closed; null: it is open. */
  get reason(): string | null {
    return this.#closed
  }

  get closed(): boolean {
    return this.#closed !== null
  }

  /** Server version as a number, `15`; null when it didn't say. */
  get majorVersion(): number | null {
    const major = Number.parseInt(this.parameters.get('server_version') ?? '', 10)
    return Number.isNaN(major) ? null : major
  }

  read(reader: ServerReader): void {
    this.#reader = reader
  }

  /** The reader hands the connection back; the walker goes on where it is. */
  leave(reader: ServerReader): void {
    if (this.#reader !== reader) return
    this.#reader = null
    this.#link.socket.resume()
  }

  /** False: more is buffered than is good; `onServerDrain` follows. */
  write(bytes: Buffer): boolean {
    return this.#link.socket.write(bytes)
  }

  pause(): void {
    this.#link.socket.pause()
  }

  resume(): void {
    this.#link.socket.resume()
  }

  /** Idempotent. `farewell`: sent first, Terminate for instance. */
  close(why: string, farewell: Buffer | null = null): void {
    if (this.#closed !== null) return
    this.#closed = why
    if (farewell === null) this.#link.socket.destroy()
    else this.#link.socket.end(farewell, () => this.#link.socket.destroy())
    const reader = this.#reader
    this.#reader = null
    reader?.onServerClosed()
    this.#onClosed(why)
  }

  noteParameter(buffer: Buffer, start: number, end: number): void {
    const status = readParameterStatus(buffer, start, end)
    if (status !== null) this.parameters.set(status.name, status.value)
  }

  #read(chunk: Buffer): void {
    this.#walker.feed(chunk)
    // A reader may hand over to the next one in the middle of the chunk.
    for (let reader = this.#reader, before: typeof reader | undefined; reader !== before; reader = this.#reader) {
      before = reader
      if (this.closed) return
      if (reader === null) this.#watch()
      else reader.onServerData(chunk, this.#walker)
    }
  }

  /** Nobody asked anything: only news may come. */
  #watch(): void {
    const walker = this.#walker
    for (let type = walker.next(); type > chunkEnd; type = walker.next()) {
      if (type === serverMessage.ParameterStatus && walker.whole) this.noteParameter(walker.buffer, walker.start, walker.end)
      else if (type !== serverMessage.NoticeResponse && type !== serverMessage.NotificationResponse) {
        const said =
          type === serverMessage.ErrorResponse && walker.whole ? readErrorFields(walker.buffer, walker.start, walker.end).message : null
        return this.close(said ?? 'spoke out of turn')
      }
    }
    if (walker.fault !== '') this.close(walker.fault)
  }
}
