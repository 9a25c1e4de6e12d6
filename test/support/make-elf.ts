export interface ElfTraits {
  /** `e_machine`: 62 is x86-64, 183 AArch64. */
  readonly machine?: number
  readonly imports?: readonly string[]
  readonly exports?: readonly string[]
}

/**
 * A little-endian 64-bit shared object that a reader takes for an extension: it names the libraries it needs, imports
 * `rb_define_method` and offers `Init_tiny`. One segment at address 0: header, program headers, dynamic section, symbols, hash,
 * strings (System V gABI, "Object Files", "Dynamic Linking").
 */
export function makeElf(
  needed: readonly string[],
  { machine = 62, imports = ['rb_define_method'], exports = ['Init_tiny'] }: ElfTraits = {},
): Buffer {
  const symbols = [...imports, ...exports]
  const names = ['', ...needed, ...symbols]
  const at = names.map((_, index) => names.slice(0, index).reduce((sum, name) => sum + name.length + 1, 0))
  const strings = Buffer.from(`${names.join('\0')}\0`, 'latin1')
  const [headerBytes, programBytes, symbolBytes, entryBytes] = [64, 56, 24, 16]
  const dynamicAt = headerBytes + 2 * programBytes
  const dynamicBytes = (needed.length + 5) * entryBytes
  const symbolsAt = dynamicAt + dynamicBytes
  const hashAt = symbolsAt + (symbols.length + 1) * symbolBytes
  const stringsAt = hashAt + 4 * (2 + 1 + symbols.length + 1)
  const bytes = Buffer.alloc(stringsAt + strings.length)
  const put = (offset: number, value: number) => bytes.writeBigUInt64LE(BigInt(value), offset)

  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  bytes.writeUInt16LE(3, 16)
  bytes.writeUInt16LE(machine, 18)
  put(32, headerBytes)
  bytes.writeUInt16LE(programBytes, 54)
  bytes.writeUInt16LE(2, 56)
  const program = (index: number, type: number, offset: number, size: number) => {
    const base = headerBytes + index * programBytes
    bytes.writeUInt32LE(type, base)
    put(base + 8, offset)
    put(base + 16, offset)
    put(base + 32, size)
  }
  const [ptLoad, ptDynamic] = [1, 2]
  program(0, ptLoad, 0, bytes.length)
  program(1, ptDynamic, dynamicAt, dynamicBytes)

  const [dtNeeded, dtHash, dtStrtab, dtSymtab, dtStrsz] = [1, 4, 5, 6, 10]
  const entries = [
    ...needed.map((_, index) => [dtNeeded, at[index + 1] ?? 0]),
    [dtStrtab, stringsAt],
    [dtStrsz, strings.length],
    [dtSymtab, symbolsAt],
    [dtHash, hashAt],
  ]
  for (const [index, [tag = 0, value = 0]] of entries.entries()) {
    put(dynamicAt + index * entryBytes, tag)
    put(dynamicAt + index * entryBytes + 8, value)
  }
  for (const index of symbols.keys()) {
    const base = symbolsAt + (index + 1) * symbolBytes
    bytes.writeUInt32LE(at[needed.length + 1 + index] ?? 0, base)
    bytes.writeUInt8(1 << 4, base + 4)
    bytes.writeUInt16LE(index < imports.length ? 0 : 7, base + 6)
  }
  // One bucket: the chain leads from the last symbol to the first.
  const hash = [1, symbols.length + 1, symbols.length, 0, ...symbols.keys()]
  for (const [index, value] of hash.entries()) bytes.writeUInt32LE(value, hashAt + index * 4)
  bytes.set(strings, stringsAt)
  return bytes
}
