import { toByteSource, type ByteSource } from './byte-source.ts'
import { ElfFault, type ElfCursor, type MalformedElf } from './elf-cursor.ts'
import type { ElfFile, ElfSection } from './elf.ts'
import { guarded } from './read-elf.ts'
import { remembered } from './remembered.ts'

const noBits = 8
const compressedFlag = 0x800
const zlibCompression = 1
const zstdCompression = 2
/** Of a compressed section as much is unpacked as the first line tables need. */
const maxCompressedBytes = 4 * 1024 * 1024
const maxUnpackedBytes = 32 * 1024 * 1024
/** That of a shared library takes 0.5 KiB. */
const maxNameTableBytes = 16 * 1024
/** Files built with `-ffunction-sections` and not linked have thousands; shared libraries below 60. */
const maxSections = 65_535

/** The section table; empty when the file has none, as after `sstrip`. */
export const readSections = remembered((elf): readonly ElfSection[] | MalformedElf => {
  return guarded(() => {
    const { cursor, sectionTable } = elf
    if (sectionTable === null) return []
    const { wide } = cursor
    const bytes = wide ? 64 : 40
    const count = Math.min(sectionTable.count, maxSections)
    const [flagsIn, offsetIn, sizeIn] = wide ? [cursor.littleEndian ? 8 : 12, 24, 32] : [8, 16, 20]
    if (sectionTable.namesIndex >= count) return []
    const names = sectionTable.offset + sectionTable.namesIndex * bytes
    const nameAt = toNames(cursor, { offset: cursor.word(names + offsetIn), size: cursor.word(names + sizeIn) })
    const sections: ElfSection[] = []
    for (let index = 0, at = sectionTable.offset; index < count; index += 1, at += bytes)
      sections.push({
        name: index === 0 ? '' : nameAt(cursor.u32(at)),
        type: cursor.u32(at + 4),
        flags: cursor.u32(at + flagsIn),
        offset: cursor.word(at + offsetIn),
        size: cursor.word(at + sizeIn),
      })
    return sections
  })
})

/** Names of the usual length are read in one go. */
function toNames(cursor: ElfCursor, { offset, size }: { readonly offset: number; readonly size: number }): (at: number) => string {
  if (size > maxNameTableBytes || offset + size > cursor.source.size) return (at) => cursor.text(offset + at, offset + size)
  const names = Buffer.from(cursor.source.read(offset, size)).toString('latin1')
  return (at) => {
    const end = names.indexOf('\0', at)
    return end === -1 ? cursor.text(offset + at, offset + size) : names.slice(at, end)
  }
}

/** What a section holds, unpacked if it is compressed (gABI `SHF_COMPRESSED` with zlib or zstd; GNU's older `.zdebug_`). Unpacked data may be cut at a bound. */
export function readSectionData(elf: ElfFile, section: ElfSection): ByteSource | MalformedElf {
  return guarded(() => {
    const { cursor } = elf
    const { offset, size, type, flags, name } = section
    if (type === noBits) return toByteSource(new Uint8Array())
    cursor.check(offset, size, `section ${name}`)
    if ((flags & compressedFlag) !== 0) {
      const headerBytes = cursor.wide ? 24 : 12
      if (size < headerBytes) throw new ElfFault(offset, `section ${name} is shorter than its compression header`)
      return unpack(elf, section, headerBytes, cursor.u32(offset))
    }
    if (name.startsWith('.zdebug_')) {
      if (size < 12 || cursor.u32(offset) !== (cursor.littleEndian ? 0x42494c5a : 0x5a4c4942))
        throw new ElfFault(offset, `section ${name} doesn't begin with ZLIB`)
      return unpack(elf, section, 12, zlibCompression)
    }
    return {
      size,
      read: (from, length, room) => cursor.source.read(offset + from, Math.min(length, size - from), room),
    } satisfies ByteSource
  })
}

function unpack(elf: ElfFile, { name, offset, size }: ElfSection, headerBytes: number, method: number): ByteSource {
  // Loaded with it are all kinds of streams: few files are packed.
  const { constants, inflateSync, zstdDecompressSync } = process.getBuiltinModule('node:zlib')
  const packed = elf.cursor.source.read(offset + headerBytes, Math.min(size - headerBytes, maxCompressedBytes))
  try {
    if (method === zlibCompression)
      return toByteSource(inflateSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxUnpackedBytes }))
    if (method === zstdCompression) return toByteSource(zstdDecompressSync(packed, { maxOutputLength: maxUnpackedBytes }))
  } catch (error) {
    throw new ElfFault(offset, `section ${name} can't be unpacked: ${error instanceof Error ? error.message : 'unknown'}`)
  }
  throw new ElfFault(offset, `section ${name} is compressed by method ${method}`)
}
