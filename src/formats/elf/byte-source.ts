/** Bytes of a file that are fetched as they are asked for. */
export interface ByteSource {
  readonly size: number
  /**
   * `length` bytes from `offset`; the reader asks only for what lies inside `size`. Fewer come back if the file shrank meanwhile.
   * They may be put into `room`, which is at least that long.
   */
  read(offset: number, length: number, room?: Uint8Array): Uint8Array
}

export function toByteSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) }
}
