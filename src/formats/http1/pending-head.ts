import { HeadWalker, type HeadLimits } from './head-walker.ts'

/** Octets of a head that came in pieces, with the walker that goes on where the last piece ended. Made for the rare head that isn't whole in one read. */
export class PendingHead {
  readonly walker: HeadWalker
  bytes: Buffer
  length = 0

  constructor(message: 'request' | 'response', limits: HeadLimits) {
    this.walker = new HeadWalker(message, limits)
    this.walker.begin(0)
    this.bytes = Buffer.allocUnsafe(1_024)
  }

  /** Adds `chunk[start, end)` and walks on; answers like `HeadWalker.walk`, with an offset into `bytes`. */
  add(chunk: Buffer, start: number, end: number): number {
    const wanted = this.length + end - start
    if (wanted > this.bytes.length) {
      const longer = Buffer.allocUnsafe(Math.max(wanted, this.bytes.length * 2))
      this.bytes.copy(longer, 0, 0, this.length)
      this.bytes = longer
    }
    chunk.copy(this.bytes, this.length, start, end)
    this.length = wanted
    return this.walker.walk(this.bytes, wanted)
  }
}
