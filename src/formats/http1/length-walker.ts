import { bodyStep, type BodyWalker } from './body-walker.ts'

/** A body of known length; of `Infinity` when only the connection's close ends it. */
export class LengthWalker implements BodyWalker {
  at = 0
  dataStart = 0
  dataEnd = 0
  why = ''

  private end = 0
  private left: number

  constructor(length: number) {
    this.left = length
  }

  feed(start: number, end: number): void {
    this.at = start
    this.end = end
  }

  next(): number {
    if (this.left === 0) return bodyStep.end
    if (this.at === this.end) return bodyStep.more
    this.dataStart = this.at
    this.at = Math.min(this.end, this.at + this.left)
    this.dataEnd = this.at
    this.left -= this.dataEnd - this.dataStart
    return bodyStep.data
  }
}
