import { ElfFault, type ElfCursor } from './elf-cursor.ts'
import type { DynamicTables, ElfFile, ElfSegment } from './elf.ts'

/** Large executables have some 60 entries; libraries of thousands of DT_NEEDED don't exist. */
const maxEntries = 8_192
const tag = {
  needed: 1,
  sysvHash: 4,
  strings: 5,
  symbols: 6,
  stringsSize: 10,
  soname: 14,
  rpath: 15,
  runpath: 29,
  flags: 30,
  gnuHash: 0x6ffffef5,
  versionOfSymbol: 0x6ffffff0,
  versionsDefined: 0x6ffffffc,
  versionsDefinedCount: 0x6ffffffd,
  versionsNeeded: 0x6ffffffe,
  versionsNeededCount: 0x6fffffff,
} as const
const staticTlsFlag = 0x10

type Dynamic = Pick<ElfFile, 'soname' | 'needed' | 'rpath' | 'runpath' | 'staticTls' | 'tables'>

/** Reads the dynamic section; an absent one reads as empty (System V gABI, "Dynamic Section"; GNU tags of the Linux Standard Base). */
export function readDynamic(
  cursor: ElfCursor,
  segments: readonly ElfSegment[],
  where: { readonly offset: number; readonly size: number } | null,
): Dynamic {
  const entries = new Map<number, number>()
  const neededAt: number[] = []
  const entryBytes = cursor.wide ? 16 : 8
  const count = where === null ? 0 : Math.floor(where.size / entryBytes)
  if (where !== null && count > maxEntries) throw new ElfFault(where.offset, `a dynamic section of ${count} entries`)
  const start = where?.offset ?? 0
  for (let index = 0; index < count; index += 1) {
    const at = start + index * entryBytes
    // Tags above 2^53 are no known ones, and mean nothing to the loader.
    const key = cursor.u32(cursor.littleEndian || !cursor.wide ? at : at + 4)
    if (key === 0) break
    const value = cursor.word(at + entryBytes / 2)
    if (key === tag.needed) neededAt.push(value)
    else entries.set(key, value)
  }

  const offsetOf = (key: number): number | null => {
    const address = entries.get(key)
    return address === undefined ? null : toOffset(segments, address)
  }
  const stringsAt = offsetOf(tag.strings)
  const strings = stringsAt === null ? null : { offset: stringsAt, size: entries.get(tag.stringsSize) ?? 0 }
  const text = (index: number | undefined): string | null => {
    if (index === undefined || strings === null) return null
    return cursor.text(strings.offset + index, strings.offset + strings.size)
  }
  const counted = (table: number, amount: number) => {
    const offset = offsetOf(table)
    return offset === null ? null : { offset, count: entries.get(amount) ?? 0 }
  }
  const tables: DynamicTables = {
    symbols: offsetOf(tag.symbols),
    strings,
    sysvHash: offsetOf(tag.sysvHash),
    gnuHash: offsetOf(tag.gnuHash),
    versionOfSymbol: offsetOf(tag.versionOfSymbol),
    versionsNeeded: counted(tag.versionsNeeded, tag.versionsNeededCount),
    versionsDefined: counted(tag.versionsDefined, tag.versionsDefinedCount),
  }
  return {
    soname: text(entries.get(tag.soname)),
    needed: neededAt.map((index) => text(index) ?? ''),
    rpath: text(entries.get(tag.rpath)),
    runpath: text(entries.get(tag.runpath)),
    staticTls: ((entries.get(tag.flags) ?? 0) & staticTlsFlag) !== 0,
    tables,
  }
}

/** The place in the file of a loaded address; null when no segment holds it. */
function toOffset(segments: readonly ElfSegment[], address: number): number | null {
  const holder = segments.find((segment) => address >= segment.address && address < segment.address + segment.fileBytes)
  return holder === undefined ? null : address - holder.address + holder.offset
}
