import { ElfFault, type MalformedElf } from './elf-cursor.ts'
import type { ElfFile } from './elf.ts'
import { guarded } from './read-elf.ts'
import { remembered } from './remembered.ts'
import { readSections } from './sections.ts'

export interface ImportedSymbol {
  readonly name: string
  /** Weak: may stay unresolved. */
  readonly weak: boolean
}

/** The largest libraries (LLVM, Chromium) export some 100,000. */
const maxSymbols = 1_000_000
/** Symbols of one bucket: linkers make buckets enough for a few each. */
const maxChain = 4_096
const dynamicSymbols = 11
const weak = 2
const global = 1
const unique = 10
const isAscii = /^[\0-\x7f]*$/

/** Symbols that the file takes from others. */
export const readImports = remembered((elf): readonly ImportedSymbol[] | MalformedElf => {
  return guarded(() => {
    const imports: ImportedSymbol[] = []
    eachSymbol(elf, (at, strings) => {
      const { cursor } = elf
      const binding = cursor.u8(at + (cursor.wide ? 4 : 12)) >> 4
      if (cursor.u16(at + (cursor.wide ? 6 : 14)) !== 0 || (binding !== global && binding !== weak)) return
      const nameAt = cursor.u32(at)
      if (nameAt !== 0) imports.push({ name: cursor.text(strings.offset + nameAt, strings.offset + strings.size), weak: binding === weak })
    })
    return imports
  })
})

export interface ExportedSymbol {
  readonly name: string
  /** Where in the file it begins; null when in no loaded part. */
  readonly offset: number | null
}

/** Those that begin with `prefix` among the symbols that the file offers. */
export function readExports(elf: ElfFile, prefix: string): readonly ExportedSymbol[] | MalformedElf {
  return guarded(() => {
    const found: ExportedSymbol[] = []
    eachSymbol(elf, (at, strings) => {
      const { cursor } = elf
      if (cursor.u16(at + (cursor.wide ? 6 : 14)) === 0) return
      const nameAt = strings.offset + cursor.u32(at)
      if (!cursor.startsWith(nameAt, prefix)) return
      const address = cursor.word(at + (cursor.wide ? 8 : 4))
      found.push({ name: cursor.text(nameAt, strings.offset + strings.size), offset: offsetOf(elf, address) })
    })
    return found
  })
}

function offsetOf({ segments }: ElfFile, address: number): number | null {
  const segment = segments.find((each) => address >= each.address && address < each.address + each.fileBytes)
  return segment === undefined ? null : segment.offset + (address - segment.address)
}

/** Whether the file offers a symbol to others, by its own hash table (GNU or System V). */
export function exportsSymbol(elf: ElfFile, name: string): boolean | MalformedElf {
  return guarded(() => {
    if (elf.tables.symbols === null || elf.tables.strings === null) return false
    // Tables hash and hold bytes; each is a character here.
    const bytes = isAscii.test(name) ? name : Buffer.from(name, 'utf8').toString('latin1')
    if (elf.tables.gnuHash !== null) return inGnuHash(elf, elf.tables.gnuHash, bytes)
    if (elf.tables.sysvHash !== null) return inSysvHash(elf, elf.tables.sysvHash, bytes)
    return false
  })
}

function eachSymbol(elf: ElfFile, visit: (at: number, strings: { offset: number; size: number }) => void): void {
  const { symbols, strings } = elf.tables
  if (symbols === null || strings === null) return
  const bytes = elf.cursor.wide ? 24 : 16
  const count = countSymbols(elf)
  if (count > maxSymbols) throw new ElfFault(symbols, `${count} dynamic symbols`)
  elf.cursor.check(symbols, count * bytes, 'the dynamic symbol table')
  for (let index = 1; index < count; index += 1) visit(symbols + index * bytes, strings)
}

/** The dynamic section doesn't say how many symbols there are: the section table does, else a hash table. */
function countSymbols(elf: ElfFile): number {
  const { cursor, tables } = elf
  const sections = readSections(elf)
  const section = 'tag' in sections ? undefined : sections.find(({ type, offset }) => type === dynamicSymbols && offset === tables.symbols)
  if (section !== undefined) return Math.floor(section.size / (cursor.wide ? 24 : 16))
  if (tables.sysvHash !== null) return cursor.u32(tables.sysvHash + 4)
  if (tables.gnuHash === null) return 0
  const { buckets, chainsAt, firstHashed, bucketsAt } = gnuHashHeader(elf, tables.gnuHash)
  let last = 0
  for (let bucket = 0; bucket < buckets; bucket += 1) last = Math.max(last, cursor.u32(bucketsAt + bucket * 4))
  if (last < firstHashed) return firstHashed
  while ((cursor.u32(chainsAt + (last - firstHashed) * 4) & 1) === 0) {
    last += 1
    if (last > maxSymbols) throw new ElfFault(tables.gnuHash, 'a hash chain without an end')
  }
  return last + 1
}

function gnuHashHeader(elf: ElfFile, at: number) {
  const { cursor } = elf
  const buckets = cursor.u32(at)
  const bloomWords = cursor.u32(at + 8)
  const wordBytes = cursor.wide ? 8 : 4
  const bucketsAt = at + 16 + bloomWords * wordBytes
  cursor.check(bucketsAt, buckets * 4, 'the GNU hash table')
  return {
    buckets,
    firstHashed: cursor.u32(at + 4),
    bloomWords,
    bloomShift: cursor.u32(at + 12),
    bucketsAt,
    chainsAt: bucketsAt + buckets * 4,
  }
}

/** GNU hash section as in binutils' bfd/elflink.c and glibc's elf/dl-lookup.c. */
function inGnuHash(elf: ElfFile, at: number, name: string): boolean {
  const { cursor } = elf
  const { buckets, firstHashed, bloomWords, bloomShift, bucketsAt, chainsAt } = gnuHashHeader(elf, at)
  if (buckets === 0) return false
  let hash = 5381
  for (let index = 0; index < name.length; index += 1) hash = (Math.imul(hash, 33) + name.charCodeAt(index)) >>> 0
  if (bloomWords > 0) {
    const bits = cursor.wide ? 64 : 32
    const word = at + 16 + (Math.floor(hash / bits) % bloomWords) * (bits / 8)
    if (!bitSet(elf, word, hash % bits) || !bitSet(elf, word, (hash >>> (bloomShift & 31)) % bits)) return false
  }
  let symbol = cursor.u32(bucketsAt + (hash % buckets) * 4)
  if (symbol < firstHashed) return false
  for (let steps = 0; steps < maxChain; steps += 1, symbol += 1) {
    const entry = cursor.u32(chainsAt + (symbol - firstHashed) * 4)
    if ((entry | 1) >>> 0 === (hash | 1) >>> 0 && isDefined(elf, symbol, name)) return true
    if ((entry & 1) === 1) return false
  }
  throw new ElfFault(at, 'a hash chain without an end')
}

function bitSet(elf: ElfFile, wordAt: number, bit: number): boolean {
  const { cursor } = elf
  const half = cursor.littleEndian === bit < 32 || !cursor.wide ? wordAt : wordAt + 4
  return ((cursor.u32(half) >>> (bit & 31)) & 1) === 1
}

/** System V hash table (gABI, "Hash Table"). */
function inSysvHash(elf: ElfFile, at: number, name: string): boolean {
  const { cursor } = elf
  const buckets = cursor.u32(at)
  const chains = cursor.u32(at + 4)
  if (buckets === 0) return false
  cursor.check(at + 8, (buckets + chains) * 4, 'the hash table')
  let hash = 0
  for (let index = 0; index < name.length; index += 1) {
    hash = ((hash << 4) + name.charCodeAt(index)) >>> 0
    const high = (hash & 0xf0000000) >>> 0
    hash = ((hash ^ (high >>> 24)) & ~high) >>> 0
  }
  let symbol = cursor.u32(at + 8 + (hash % buckets) * 4)
  for (let steps = 0; symbol !== 0; steps += 1) {
    if (symbol >= chains) throw new ElfFault(at, 'a hash chain that leaves its table')
    if (steps >= maxChain) throw new ElfFault(at, 'a hash chain without an end')
    if (isDefined(elf, symbol, name)) return true
    symbol = cursor.u32(at + 8 + (buckets + symbol) * 4)
  }
  return false
}

function isDefined(elf: ElfFile, symbol: number, name: string): boolean {
  const { cursor, tables } = elf
  if (tables.symbols === null || tables.strings === null) return false
  const at = tables.symbols + symbol * (cursor.wide ? 24 : 16)
  const binding = cursor.u8(at + (cursor.wide ? 4 : 12)) >> 4
  if (cursor.u16(at + (cursor.wide ? 6 : 14)) === 0 || (binding !== global && binding !== weak && binding !== unique)) return false
  return cursor.equals(tables.strings.offset + cursor.u32(at), name)
}
