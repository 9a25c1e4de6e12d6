import type { ByteSource } from '../elf/byte-source.ts'

export interface DwarfSections {
  readonly line: ByteSource
  /** `.debug_line_str`, of DWARF 5; null when absent. */
  readonly lineStrings: ByteSource | null
  /** `.debug_str`; null when absent. */
  readonly strings: ByteSource | null
  readonly littleEndian: boolean
}

export interface SourceFolders {
  readonly tag: 'Folders'
  /** Folders of the source and header files of all units, each once, as the compiler wrote them. */
  readonly folders: readonly string[]
}

export interface MalformedDwarf {
  readonly tag: 'Malformed'
  /** Byte of `.debug_line`. */
  readonly offset: number
  readonly why: string
}

class DwarfFault extends Error {
  readonly offset: number

  constructor(offset: number, why: string) {
    super(why)
    this.offset = offset
  }
}

/** One for each source file. Those of a library that is compiled in name no Ruby, and may come first: iodine's do so 16 times. */
const maxUnits = 4_096
const maxHeaderBytes = 256 * 1024
const maxFolders = 8_192
/** Unit length, version, sizes and header length of the widest form. */
const leadBytes = 24
/** Of each section this much is read at once: most are no longer. */
const readAtOnce = 64 * 1024

/**
 * Folders in the line tables of a compiled file: they hold the path of the Ruby headers it was built with. Never throws.
 * Format: DWARF 2 to 4 (section 6.2.4) and DWARF 5 (section 6.2.4), 32- and 64-bit.
 */
export function readSourceFolders(asked: DwarfSections): SourceFolders | MalformedDwarf {
  const sections = {
    ...asked,
    line: buffered(asked.line),
    lineStrings: asked.lineStrings === null ? null : buffered(asked.lineStrings),
    strings: asked.strings === null ? null : buffered(asked.strings),
  }
  const folders = new Set<string>()
  let fault: DwarfFault | null = null
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DwarfFault)) throw error
      fault ??= error
      return null
    }
  }
  for (let at = 0, unit = 0; unit < maxUnits && at + 4 < sections.line.size && folders.size < maxFolders; unit += 1) {
    const bounds = attempt(() => readBounds(sections, at))
    if (bounds === null) break
    // One that is not understood (an assembler's, of a later version) is passed over.
    attempt(() => readUnit(sections, bounds, folders))
    at = bounds.next
  }
  return folders.size === 0 && fault !== null ? malformed(fault) : { tag: 'Folders', folders: [...folders] }
}

function malformed({ offset, message }: DwarfFault): MalformedDwarf {
  return { tag: 'Malformed', offset, why: message }
}

/** A source whose beginning is fetched once, when it is first asked for. */
function buffered(source: ByteSource): ByteSource {
  const { size } = source
  let head: Uint8Array | null = null
  return {
    size,
    read: (offset, length) => {
      if (offset + length > readAtOnce) return source.read(offset, length)
      head ??= source.read(0, Math.min(size, readAtOnce))
      return head.subarray(offset, offset + length)
    },
  }
}

interface UnitBounds {
  /** Behind the unit's length. */
  readonly start: number
  readonly next: number
  /** 64-bit DWARF. */
  readonly wide: boolean
}

function readBounds({ line, littleEndian }: DwarfSections, at: number): UnitBounds {
  const lead = new Walker(line, at, Math.min(leadBytes, line.size - at), littleEndian)
  let length = lead.u32()
  const wide = length === 0xffffffff
  if (wide) length = lead.u64()
  const next = lead.at + length
  if (next > line.size) throw new DwarfFault(at, 'a unit that ends behind its section')
  return { start: lead.at, next, wide }
}

/** Adds one unit's folders; a unit without a byte is padding. */
function readUnit(sections: DwarfSections, { start, next, wide }: UnitBounds, folders: Set<string>): void {
  const { line, littleEndian } = sections
  if (next === start) return
  const lead = new Walker(line, start, Math.min(leadBytes, next - start), littleEndian)
  const version = lead.u16()
  if (version < 2 || version > 5) throw new DwarfFault(start, `line table version ${version}`)
  if (version === 5) lead.skip(2)
  const headerBytes = wide ? lead.u64() : lead.u32()
  const head = new Walker(line, lead.at, Math.min(headerBytes, maxHeaderBytes, next - lead.at), littleEndian)
  head.skip(version >= 4 ? 5 : 4)
  const opcodes = head.u8()
  head.skip(Math.max(0, opcodes - 1))
  if (version === 5) readEntries(sections, head, wide, folders)
  else for (let folder = head.text(); folder !== '' && folders.size < maxFolders; folder = head.text()) folders.add(folder)
}

/** Forms of DWARF 5 that directory entries use (section 7.5.6). */
const form = { string: 0x08, udata: 0x0f, strp: 0x0e, lineStrp: 0x1f, data16: 0x1e } as const
const pathContent = 1

function readEntries(sections: DwarfSections, head: Walker, wide: boolean, folders: Set<string>): void {
  const formats = Array.from({ length: head.u8() }, () => ({ content: head.leb(), form: head.leb() }))
  const count = head.leb()
  if (count > maxFolders) throw new DwarfFault(head.at, `${count} folders`)
  for (let index = 0; index < count; index += 1)
    for (const entry of formats) {
      const value = readForm(sections, head, entry.form, wide)
      if (entry.content === pathContent && value !== null) folders.add(value)
    }
}

function readForm(sections: DwarfSections, head: Walker, kind: number, wide: boolean): string | null {
  switch (kind) {
    case form.string:
      return head.text()
    case form.lineStrp:
    case form.strp: {
      const offset = wide ? head.u64() : head.u32()
      const table = kind === form.strp ? sections.strings : sections.lineStrings
      if (table === null || offset >= table.size) throw new DwarfFault(head.at, 'a name outside its table')
      return new Walker(table, offset, Math.min(8_192, table.size - offset), sections.littleEndian).text()
    }
    case form.udata:
      head.leb()
      return null
    case form.data16:
      head.skip(16)
      return null
    default:
      throw new DwarfFault(head.at, `form ${kind} in a folder's entry`)
  }
}

/** Steps through one bounded stretch of a section. */
class Walker {
  readonly #bytes: Buffer
  readonly #start: number
  readonly #littleEndian: boolean
  #position = 0

  constructor(source: ByteSource, start: number, length: number, littleEndian: boolean) {
    const bytes = source.read(start, length)
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#start = start
    this.#littleEndian = littleEndian
  }

  /** Offset in the section. */
  get at(): number {
    return this.#start + this.#position
  }

  skip(length: number): void {
    this.#take(length)
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1))
  }

  u16(): number {
    const at = this.#take(2)
    return this.#littleEndian ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at)
  }

  u32(): number {
    const at = this.#take(4)
    return this.#littleEndian ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at)
  }

  u64(): number {
    const at = this.#take(8)
    const value = Number(this.#littleEndian ? this.#bytes.readBigUInt64LE(at) : this.#bytes.readBigUInt64BE(at))
    if (!Number.isSafeInteger(value)) throw new DwarfFault(this.at, 'a number larger than any file')
    return value
  }

  leb(): number {
    let value = 0
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.u8()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new DwarfFault(this.at, 'a number without an end')
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#position)
    if (end === -1) throw new DwarfFault(this.at, 'a name without an end')
    const text = this.#bytes.toString('utf8', this.#position, end)
    this.#position = end + 1
    return text
  }

  #take(length: number): number {
    const at = this.#position
    if (length < 0 || at + length > this.#bytes.length) throw new DwarfFault(this.at, 'a line table that ends too early')
    this.#position += length
    return at
  }
}
