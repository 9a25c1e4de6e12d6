import type { ByteSource } from './byte-source.ts'
import { ElfCursor, ElfFault, type MalformedElf } from './elf-cursor.ts'
import type { ElfFile, ElfSegment, NoteSegment } from './elf.ts'
import { readDynamic } from './read-dynamic.ts'

const loadable = 1
const dynamic = 2
const interpreter = 3
const note = 4
const stack = 0x6474e551
const executable = 1

/**
 * Reads the header, the program headers and the dynamic section: what the loader itself goes by. Never throws.
 * Format: System V gABI, chapters 4 and 5; `PT_GNU_STACK` of the Linux Standard Base.
 */
export function readElf(source: ByteSource): ElfFile | MalformedElf {
  return guarded(() => {
    const ident = source.read(0, Math.min(16, source.size))
    if (ident.length < 16 || ident[0] !== 0x7f || ident[1] !== 0x45 || ident[2] !== 0x4c || ident[3] !== 0x46)
      throw new ElfFault(0, source.size < 16 ? `only ${source.size} bytes long` : 'no ELF header')
    if (ident[4] !== 1 && ident[4] !== 2) throw new ElfFault(4, `word size ${ident[4]} is neither 32 nor 64 bit`)
    if (ident[5] !== 1 && ident[5] !== 2) throw new ElfFault(5, `byte order ${ident[5]} is neither little nor big`)
    const cursor = new ElfCursor(source, ident[4] === 2, ident[5] === 1)
    cursor.check(0, cursor.wide ? 64 : 52, 'the ELF header')
    return readFile(cursor)
  })
}

/** Runs one reader and turns its fault into a value. */
export function guarded<T>(read: () => T): T | MalformedElf {
  try {
    return read()
  } catch (error) {
    if (error instanceof ElfFault) return { tag: 'Malformed', offset: error.offset, why: error.message }
    throw error
  }
}

function readFile(cursor: ElfCursor): ElfFile {
  const { wide, source } = cursor
  const tail = wide ? 52 : 40
  const headersAt = cursor.word(wide ? 32 : 28)
  const headerBytes = cursor.u16(tail + 2)
  const headerCount = cursor.u16(tail + 4)
  if (headerCount > 0 && headerBytes < (wide ? 56 : 32)) throw new ElfFault(tail + 2, `program headers of ${headerBytes} bytes`)
  cursor.check(headersAt, headerBytes * headerCount, 'the program header table')

  const segments: ElfSegment[] = []
  const noteSegments: NoteSegment[] = []
  let dynamicAt: { offset: number; size: number } | null = null
  let loader: string | null = null
  let stackFlags: number | null = null
  let cut: ElfFile['truncatedAt'] = null
  for (let index = 0; index < headerCount; index += 1) {
    const at = headersAt + index * headerBytes
    const type = cursor.u32(at)
    if (type === stack) stackFlags = cursor.u32(at + (wide ? 4 : 24))
    if (type !== loadable && type !== dynamic && type !== interpreter && type !== note) continue
    const offset = cursor.word(at + (wide ? 8 : 4))
    const size = cursor.word(at + (wide ? 32 : 16))
    if (type === loadable) {
      segments.push({ offset, address: cursor.word(at + (wide ? 16 : 8)), fileBytes: size })
      if (offset + size > source.size) cut = 'segment'
    } else if (type === dynamic) dynamicAt = { offset, size }
    else if (type === note) noteSegments.push({ offset, size, align: cursor.word(at + (wide ? 48 : 28)) === 8 ? 8 : 4 })
    else loader = cursor.text(offset, offset + size)
  }

  const sections = readSectionTable(cursor)
  const readable = dynamicAt !== null && dynamicAt.offset + dynamicAt.size <= source.size
  return {
    tag: 'Elf',
    cursor,
    bits: wide ? 64 : 32,
    littleEndian: cursor.littleEndian,
    machine: cursor.u16(18),
    osAbi: cursor.u8(7),
    type: cursor.u16(16),
    interpreter: loader,
    executableStack: stackFlags === null ? 'implied' : (stackFlags & executable) === 0 ? 'no' : 'asked',
    segments,
    noteSegments,
    sectionTable: sections.table,
    truncatedAt: cut ?? (sections.cut ? 'sections' : null),
    ...readDynamic(cursor, segments, readable ? dynamicAt : null),
  }
}

function readSectionTable(cursor: ElfCursor): { table: ElfFile['sectionTable']; cut: boolean } {
  const { wide, source } = cursor
  const tail = wide ? 52 : 40
  const offset = cursor.word(wide ? 40 : 32)
  const bytes = cursor.u16(tail + 6)
  const count = cursor.u16(tail + 8)
  if (offset === 0 || count === 0) return { table: null, cut: false }
  if (bytes < (wide ? 64 : 40) || offset + bytes * count > source.size) return { table: null, cut: true }
  if (bytes !== (wide ? 64 : 40)) return { table: null, cut: false }
  return { table: { offset, count, namesIndex: cursor.u16(tail + 10) }, cut: false }
}
