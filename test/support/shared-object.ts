/** Word size and byte order of a made file. */
export interface Shape {
  readonly wide: boolean
  readonly little: boolean
}

/** Every combination. */
export const shapes: readonly Shape[] = [
  { wide: true, little: true },
  { wide: true, little: false },
  { wide: false, little: true },
  { wide: false, little: false },
]

/**
 * A shared object for x86-64 by its number, of one segment at address 0: header, two program headers, dynamic section, symbols,
 * System V hash, strings. Needs a libruby and libc, takes `rb_cData`, offers `Init_tiny`.
 */
export function sharedObject({ wide, little }: Shape): Buffer {
  const names = ['', 'libruby-2.7.so.2.7', 'libc.so.6', 'tiny.so', '/opt/lib', 'rb_cData', 'Init_tiny']
  const at = names.map((_, index) => names.slice(0, index).reduce((sum, name) => sum + name.length + 1, 0))
  const strings = Buffer.from(`${names.join('\0')}\0`, 'latin1')
  const word = wide ? 8 : 4
  const [headerBytes, programBytes, symbolBytes] = wide ? [64, 56, 24] : [52, 32, 16]
  const dynamicAt = headerBytes + 2 * programBytes
  const dynamicBytes = 11 * 2 * word
  const symbolsAt = dynamicAt + dynamicBytes
  const hashAt = symbolsAt + 3 * symbolBytes
  const stringsAt = hashAt + 4 * (2 + 1 + 3)
  const bytes = Buffer.alloc(stringsAt + strings.length)
  const put = (offset: number, width: number, value: number) => {
    if (width === 8) {
      if (little) bytes.writeBigUInt64LE(BigInt(value), offset)
      else bytes.writeBigUInt64BE(BigInt(value), offset)
    } else if (little) bytes.writeUIntLE(value, offset, width)
    else bytes.writeUIntBE(value, offset, width)
  }
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1])
  put(16, 2, 3)
  put(18, 2, 62)
  put(wide ? 32 : 28, word, headerBytes)
  put(wide ? 54 : 42, 2, programBytes)
  put(wide ? 56 : 44, 2, 2)
  const program = (index: number, type: number, offset: number, size: number) => {
    const base = headerBytes + index * programBytes
    put(base, 4, type)
    put(base + (wide ? 8 : 4), word, offset)
    put(base + (wide ? 16 : 8), word, offset)
    put(base + (wide ? 32 : 16), word, size)
  }
  program(0, 1, 0, bytes.length)
  program(1, 2, dynamicAt, dynamicBytes)
  const dynamic = [
    [1, at[1]],
    [1, at[2]],
    [14, at[3]],
    [29, at[4]],
    [5, stringsAt],
    [10, strings.length],
    [6, symbolsAt],
    [4, hashAt],
    [0, 0],
  ]
  for (const [index, [tag = 0, value = 0]] of dynamic.entries()) {
    put(dynamicAt + index * 2 * word, word, tag)
    put(dynamicAt + index * 2 * word + word, word, value)
  }
  const symbol = (index: number, name: number, section: number) => {
    const base = symbolsAt + index * symbolBytes
    put(base, 4, name)
    put(base + (wide ? 4 : 12), 1, 1 << 4)
    put(base + (wide ? 6 : 14), 2, section)
  }
  symbol(1, at[5] ?? 0, 0)
  symbol(2, at[6] ?? 0, 7)
  for (const [index, value] of [1, 3, 2, 0, 0, 1].entries()) put(hashAt + index * 4, 4, value)
  bytes.set(strings, stringsAt)
  return bytes
}
