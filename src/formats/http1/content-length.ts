/** A length that is not a plain decimal number below 10^15 (RFC 9110, section 8.6). */
export const badLength = -1

/** Reads `bytes[start, end)`. No sign, no list, no white space: what `parseInt` of some server would accept is refused. */
export function readContentLength(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 15) return badLength
  let length = 0
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return badLength
    length = length * 10 + digit
  }
  return length
}
