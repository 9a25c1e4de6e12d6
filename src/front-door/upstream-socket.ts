import { Socket } from 'node:net'

/**
 * A socket whose failed writes don't end it. A server may answer before it has read the request, and close: `413` for a long body.
 * Writing then fails (EPIPE), and Node would close the socket with that answer still in it. What is read, or its end, says how it went.
 */
export class UpstreamSocket extends Socket {
  /** A write found the server's end closed: nothing of it was received. */
  brokenPipe = false

  override _write(chunk: unknown, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    super._write(chunk, encoding, this.unlessClosed(callback))
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: (error?: Error | null) => void): void {
    super._writev?.(chunks, this.unlessClosed(callback))
  }

  private unlessClosed(callback: (error?: Error | null) => void): (error?: NodeJS.ErrnoException | null) => void {
    return (error) => {
      this.brokenPipe ||= error?.code === 'EPIPE'
      callback(error?.code === 'EPIPE' || error?.code === 'ECONNRESET' ? null : error)
    }
  }
}
