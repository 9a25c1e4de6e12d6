import type { Problem } from './problem.ts'

export type Decoded = { readonly tag: 'Text'; readonly text: string } | { readonly tag: 'Wrong'; readonly problem: Problem }

/** Bytes as UTF-8, with or without a byte order mark; the place of the first that is not text. */
export function decodeText(name: string, bytes: Buffer): Decoded {
  const nul = bytes.indexOf(0)
  const end = isUtf8(bytes) ? bytes.length : validBytes(bytes)
  if (end === bytes.length && nul < 0) return { tag: 'Text', text: new TextDecoder().decode(bytes) }
  const at = nul >= 0 && nul < end ? nul : end
  const isWide = bytes.length >= 2 && [0xfffe, 0xfeff].includes(bytes.readUInt16BE(0))
  const why = isWide ? 'is UTF-16; write it as UTF-8' : at === nul ? 'is no text: it holds a NUL byte' : 'is not UTF-8'
  return { tag: 'Wrong', problem: { place: `${name}:${placeOf(bytes, at)}`, message: why } }
}

function isUtf8(bytes: Buffer, stream = false): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream })
    return true
  } catch {
    return false
  }
}

/** How many bytes at the beginning are whole characters; found by halving. */
function validBytes(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isUtf8(bytes.subarray(0, middle), true)) good = middle
    else bad = middle
  }
  // A character that began before the bad byte is not whole.
  while (good > 0 && !isUtf8(bytes.subarray(0, good))) good -= 1
  return good
}

function placeOf(bytes: Buffer, at: number): string {
  const before = bytes.toString('utf8', 0, at).split('\n')
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}
