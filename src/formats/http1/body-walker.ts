/** What `next` answers. */
export const bodyStep = {
  /** All octets given are used up, the body goes on. */
  more: 0,
  /** `dataStart` to `dataEnd` is a piece of the body. */
  data: 1,
  /** The body has ended; `at` stands behind it. */
  end: 2,
  /** `why` says what is wrong. */
  bad: 3,
} as const

/** Finds the octets of one body in what is read from a connection, and its end. Allocates nothing per read. */
export interface BodyWalker {
  at: number
  dataStart: number
  dataEnd: number
  why: string
  /** Gives the octets from `start` to `end` of the buffer that `next` will be called with. */
  feed(start: number, end: number): void
  next(bytes: Uint8Array): number
}
