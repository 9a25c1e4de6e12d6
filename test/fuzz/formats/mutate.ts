/** A small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Numbers that readers get wrong: ends, signs, lengths that lie. */
const nasty = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

/** A changed copy of a real file, or (one time in eight) bytes that never were one. */
export function mutate(seeds: readonly Buffer[], random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit)
  if (below(8) === 0) return Buffer.from(Array.from({ length: below(300) }, () => below(256)))
  const bytes = Buffer.from(seeds[below(seeds.length)] ?? Buffer.alloc(0))
  for (let edits = 1 + below(6); edits > 0 && bytes.length > 8; edits -= 1) {
    // Headers decide most: half of the edits hit the first 512 bytes.
    const at = below(below(2) === 0 ? Math.min(512, bytes.length) : bytes.length)
    const kind = below(4)
    if (kind === 0) bytes[at] = below(256)
    else if (kind === 1 && at + 4 <= bytes.length) bytes.writeUInt32LE(nasty[below(nasty.length)] ?? 0, at)
    else if (kind === 2 && at + 8 <= bytes.length) bytes.writeBigUInt64LE(BigInt(nasty[below(nasty.length)] ?? 0) << BigInt(below(33)), at)
    else bytes.copyWithin(at, below(bytes.length), Math.min(bytes.length, at + below(64)))
  }
  return below(5) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes
}
