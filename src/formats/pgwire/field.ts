/** Index of the NUL that ends the string at `start`; -1 when there is none before `end`. */
export function nulAt(buffer: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at += 1) if (buffer[at] === 0) return at
  return -1
}

/** The NUL-terminated string at `start`; null when it does not end before `end`. */
export function readCString(buffer: Buffer, start: number, end: number): string | null {
  const nul = nulAt(buffer, start, end)
  return nul < 0 ? null : buffer.toString('utf8', start, nul)
}

/** A string as a NUL-terminated field; NULs inside, which would begin another field, are dropped. */
export function cString(text: string): Buffer {
  return Buffer.from(`${text.replaceAll('\0', '')}\0`)
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

/** A message: type byte, length that counts itself, fields. */
export function frame(type: number, ...fields: readonly Buffer[]): Buffer {
  let bytes = 5
  for (const field of fields) bytes += field.length
  const message = Buffer.allocUnsafe(bytes)
  message[0] = type
  message.writeInt32BE(bytes - 1, 1)
  let at = 5
  for (const field of fields) at += field.copy(message, at)
  return message
}
