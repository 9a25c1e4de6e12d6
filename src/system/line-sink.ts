import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Clock } from '../resilience/drive.ts'

/** A log destination that never blocks, never throws and never grows: what it can't take is dropped and counted. */
export interface LineSink {
  /** Adds one line; a missing line feed is added. A line longer than `maxLineBytes` is cut. */
  write(line: string): void
  /** Lines that were lost so far. */
  dropped(): number
  /** Flushes what the destination takes within `withinMs`; what is left then counts as dropped. Idempotent. */
  close(withinMs: number): Promise<void>
}

export interface LineSinkOptions {
  /** Bytes held while the destination takes none. */
  readonly maxBufferedBytes: number
  /** Longest line, its line feed included, in bytes; at most 4096. */
  readonly maxLineBytes: number
  readonly clock: Clock
}

/** A write of at most this many bytes into a pipe is never torn apart by another writer (pipe(7), PIPE_BUF). */
const atomicBytes = 4_096

/** A full pipe or terminal is asked again after this long: `node:fs` can't wait for writability. */
const retryMs = 20

/** Takes bytes now: how many it took, `later` when it is full, `never` when it is gone, `lost` when it refuses this data only. */
type Outlet = { take(bytes: Buffer): number | 'later' | 'never' | 'lost'; close(): void }

/**
 * Writes lines to an inherited descriptor. A pipe, terminal or device is opened again through `/proc/self/fd`, because
 * O_NONBLOCK set on the inherited one would hit every process that shares it. A socket can't be opened again (ENXIO): Node's own non-blocking one is put on it.
 */
export function createLineSink(fd: number, { maxBufferedBytes, maxLineBytes, clock }: LineSinkOptions): LineSink {
  const outlet = openOutlet(fd)
  const batches: Batch[] = []
  let bufferedBytes = 0
  let dropped = 0
  let closed = false
  let broken = false
  let scheduled = false
  let whenEmpty = () => {}
  let disarm = () => {}

  const loseAll = () => {
    for (const batch of batches) dropped += batch.lines
    batches.length = 0
    bufferedBytes = 0
  }

  const flush = () => {
    scheduled = false
    disarm()
    for (let batch = batches[0]; batch !== undefined; batch = batches[0]) {
      const took = outlet.take(batch.rest())
      if (took === 'later') {
        scheduled = true
        disarm = clock.at(clock.nowMs() + retryMs, flush)
        return
      }
      if (took === 'never') {
        broken = true
        loseAll()
        break
      }
      if (took === 'lost') dropped += batch.lines
      else if (!batch.advance(took)) continue
      bufferedBytes -= batch.bytes
      batches.shift()
    }
    whenEmpty()
  }

  return {
    write(line) {
      if (closed || broken) {
        dropped++
        return
      }
      const whole = toLine(line, maxLineBytes)
      const bytes = Buffer.byteLength(whole)
      if (bufferedBytes + bytes > maxBufferedBytes) {
        dropped++
        return
      }
      bufferedBytes += bytes
      const last = batches.at(-1)
      if (last === undefined || !last.add(whole, bytes)) batches.push(new Batch(whole, bytes))
      if (scheduled) return
      scheduled = true
      setImmediate(flush)
    },
    dropped: () => dropped,
    async close(withinMs) {
      if (closed) return
      closed = true
      if (batches.length > 0 && !broken) {
        const { promise, resolve } = Promise.withResolvers<void>()
        whenEmpty = resolve
        const cancel = clock.at(clock.nowMs() + withinMs, resolve)
        await promise
        cancel()
      }
      disarm()
      loseAll()
      outlet.close()
    },
  }
}

/** Whole lines that go out in one write. */
class Batch {
  lines = 1
  bytes: number
  private text: string
  private sealed: Buffer | null = null

  constructor(text: string, bytes: number) {
    this.text = text
    this.bytes = bytes
  }

  /** False when the line must go into a batch of its own: the write would be too long, or has been tried. */
  add(line: string, bytes: number): boolean {
    if (this.sealed !== null || this.bytes + bytes > atomicBytes) return false
    this.text += line
    this.bytes += bytes
    this.lines++
    return true
  }

  rest(): Buffer {
    return (this.sealed ??= Buffer.from(this.text))
  }

  /** True when all of it is written. */
  advance(took: number): boolean {
    this.sealed = this.rest().subarray(took)
    return this.sealed.length === 0
  }
}

function toLine(line: string, maxBytes: number): string {
  const whole = line.endsWith('\n') ? line : `${line}\n`
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (whole.length * 3 <= maxBytes || Buffer.byteLength(whole) <= maxBytes) return whole
  const cut = Buffer.from(whole).subarray(0, maxBytes - 1)
  return `${cut
    .toString('utf8')
    .replace(/�+$/u, '')
    .slice(0, maxBytes - 1)}\n`
}

function openOutlet(fd: number): Outlet {
  const stat = fstatSync(fd)
  // Opening a regular file again would start at its beginning and overwrite it.
  if (stat.isFile()) return new DescriptorOutlet(fd, false)
  if (stat.isSocket()) return new SocketOutlet(fd)
  try {
    return new DescriptorOutlet(openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY), true)
  } catch {
    // No /proc, or a descriptor that was passed down from another user.
    return stat.isFIFO() ? new SocketOutlet(fd) : new DescriptorOutlet(fd, false)
  }
}

class DescriptorOutlet implements Outlet {
  private readonly fd: number
  private readonly owned: boolean

  constructor(fd: number, owned: boolean) {
    this.fd = fd
    this.owned = owned
  }

  take(bytes: Buffer): number | 'later' | 'never' | 'lost' {
    try {
      return writeSync(this.fd, bytes)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'EAGAIN') return 'later'
      return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO' ? 'lost' : 'never'
    }
  }

  close(): void {
    if (this.owned) closeSync(this.fd)
  }
}

/** Node gives up the descriptor with the socket; one write at a time keeps the bound ours. */
class SocketOutlet implements Outlet {
  private readonly socket: Socket
  private gone = false

  constructor(fd: number) {
    this.socket = new Socket({ fd, readable: false, writable: true })
    this.socket.on('error', () => {
      this.gone = true
    })
    this.socket.unref()
  }

  take(bytes: Buffer): number | 'later' | 'never' {
    if (this.gone || this.socket.destroyed) return 'never'
    if (this.socket.writableLength > 0) return 'later'
    this.socket.write(bytes)
    return bytes.length
  }

  close(): void {
    this.socket.destroySoon()
  }
}
