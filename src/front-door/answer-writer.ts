import type { Socket } from 'node:net'
import type { ResponseHead } from '../formats/http1/response-head.ts'
import { interimHeadText, responseHeadText } from '../formats/http1/write-head.ts'

/** Pieces up to this long are joined with what goes out with them; copying them costs less than a further write. */
const joinBytes = 8_192

/** Writes answers to one client: what one read from the worker brought goes out in one write. */
export class AnswerWriter {
  private readonly socket: Socket
  private text = ''
  private corked = false
  private chunked = false

  constructor(socket: Socket) {
    this.socket = socket
  }

  interim(head: ResponseHead): void {
    this.socket.write(interimHeadText(head), 'latin1')
  }

  head(head: ResponseHead, http10: boolean, keepAlive: boolean, added: string): void {
    this.chunked = !http10 && (head.framing === 'chunked' || head.framing === 'until-close')
    this.text = responseHeadText(head, { http10, keepAlive, chunked: this.chunked }, added)
  }

  data(bytes: Buffer, start: number, end: number): void {
    const length = end - start
    if (this.chunked) this.text += `${length.toString(16)}\r\n`
    if (length <= joinBytes) this.text += bytes.toString('latin1', start, end)
    else {
      if (!this.corked) this.socket.cork()
      this.corked = true
      this.writeText()
      // The bytes stand in a buffer that the next read overwrites.
      this.socket.write(Buffer.from(bytes.subarray(start, end)))
    }
    if (this.chunked) this.text += '\r\n'
  }

  end(): void {
    if (this.chunked) this.text += '0\r\n\r\n'
    this.chunked = false
    this.flush()
  }

  /** False: the client is slow, read no more for it. */
  flush(): boolean {
    this.writeText()
    if (this.corked) this.socket.uncork()
    this.corked = false
    return !this.socket.writableNeedDrain
  }

  private writeText(): void {
    if (this.text === '') return
    this.socket.write(this.text, 'latin1')
    this.text = ''
  }
}
