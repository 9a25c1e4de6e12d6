import type { Socket } from 'node:net'
import { ConnectFailed, protocolFailure } from './connect-failure.ts'

export interface StartMessage {
  readonly type: number
  readonly body: Buffer
  /** The whole message, header included. */
  readonly bytes: Buffer
}

/** No message of a start-up is longer in practice: libpq takes 30,000 bytes of an error and 2,000 of an authentication request. */
const maxMessageBytes = 65_536

/** Reads a server's answers during start-up, one at a time, then lets go of the socket. */
export class StartReader {
  #socket: Socket
  #bytes: Buffer = Buffer.alloc(0)
  #failure: Error | null = null
  #wake = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData).on('error', this.#onError).on('end', this.#onEnd).on('close', this.#onEnd)
  }

  readonly #onData = (chunk: Buffer) => {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    // What has come is read before any more: a flood costs no memory.
    if (this.#bytes.length > maxMessageBytes) this.#socket.pause()
    this.#wake()
  }

  readonly #onError = (error: Error) => {
    this.#failure ??= error
    this.#wake()
  }

  readonly #onEnd = () => {
    this.#failure ??= new ConnectFailed({ tag: 'Unreachable', errno: null, text: 'the server closed the connection during start-up' })
    this.#wake()
  }

  /** The one byte that answers SSLRequest. Bytes behind it came before any encryption: somebody put them there (CVE-2021-23222). */
  async readSslAnswer(): Promise<number> {
    await this.#have(1)
    const answer = this.#bytes[0]!
    if (answer !== 0x45 && this.#bytes.length > 1) throw protocolFailure('unencrypted bytes came behind the answer to SSLRequest')
    this.#bytes = this.#bytes.subarray(1)
    return answer
  }

  async readMessage(): Promise<StartMessage> {
    await this.#have(5)
    const length = this.#bytes.readUInt32BE(1)
    if (length < 4 || length > maxMessageBytes) throw protocolFailure(`the server's first words are not PostgreSQL's protocol`)
    await this.#have(1 + length)
    const bytes = this.#bytes.subarray(0, 1 + length)
    this.#bytes = this.#bytes.subarray(1 + length)
    return { type: bytes[0]!, body: bytes.subarray(5), bytes }
  }

  /** Waits until `wanted` bytes are there. What came before an end or an error is still read. */
  async #have(wanted: number): Promise<void> {
    while (this.#bytes.length < wanted) {
      if (this.#failure !== null) throw this.#failure
      if (this.#socket.isPaused()) this.#socket.resume()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Waits for the end of the connection; what else comes is dropped. */
  async untilEnd(): Promise<void> {
    while (this.#failure === null) {
      this.#bytes = Buffer.alloc(0)
      this.#socket.resume()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Takes every listener off, leaves the socket paused, and hands over what was not read. */
  release(): Buffer {
    this.#socket.pause()
    this.#socket.off('data', this.#onData).off('error', this.#onError).off('end', this.#onEnd).off('close', this.#onEnd)
    return this.#bytes
  }
}
