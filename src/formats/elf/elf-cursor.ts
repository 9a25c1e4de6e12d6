import type { ByteSource } from './byte-source.ts'

export interface MalformedElf {
  readonly tag: 'Malformed'
  /** Byte of the file at which reading failed. */
  readonly offset: number
  readonly why: string
}

/** Leaves the depth of a reader; caught at its border, so that none throws. */
export class ElfFault extends Error {
  readonly offset: number

  constructor(offset: number, why: string) {
    super(why)
    this.offset = offset
  }
}

/** Longest name that is read: C++ symbols of large libraries stay below 8 KiB. */
const maxNameBytes = 64 * 1024
/** Of all names of one file: those of the largest come to some 10 MB. Many entries may share one name. */
const maxTextBytes = 32 * 1024 * 1024
const pageBytes = 4 * 1024
/** A field that begins in a page may end in the next. */
const overlapBytes = 16

/** A piece of one file, from `at` to `end`. */
interface Page {
  owner: ElfCursor | null
  at: number
  end: number
  /** The same bytes twice; behind `end` they mean nothing. */
  view: DataView
  bytes: Buffer
  readonly room: Buffer
  readonly roomView: DataView
}

/** Pages of all files together: what reading costs in memory doesn't grow with their number. Walking symbols takes three at a time. */
const pages: readonly Page[] = Array.from({ length: 32 }, () => emptyPage(Buffer.from(new ArrayBuffer(pageBytes + overlapBytes))))
const noPage = emptyPage(Buffer.from(new ArrayBuffer(0)))
let eldest = 0

/** Reads fields of one file in its own byte order and word size, a page at a time. Every offset is checked against the file's size first. */
export class ElfCursor {
  readonly source: ByteSource
  readonly wide: boolean
  readonly littleEndian: boolean
  #page = noPage
  /** The one before: names lie in another page than what points at them. */
  #before = noPage
  #textLeft = maxTextBytes

  constructor(source: ByteSource, wide: boolean, littleEndian: boolean) {
    this.source = source
    this.wide = wide
    this.littleEndian = littleEndian
  }

  /** Throws `ElfFault` unless the range lies inside the file. */
  check(offset: number, length: number, what: string): void {
    if (offset < 0 || length < 0 || offset + length > this.source.size)
      throw new ElfFault(Math.min(Math.max(offset, 0), this.source.size), `${what} ends behind the end of the file`)
  }

  // Some thousand fields of each file are read, by code that has just started and is interpreted: each asks for its page in place.
  u8(offset: number): number {
    let page = this.#page
    if (page.owner !== this || offset < page.at || offset + 1 > page.end) page = this.#turnTo(offset, 1)
    return page.view.getUint8(offset - page.at)
  }

  u16(offset: number): number {
    let page = this.#page
    if (page.owner !== this || offset < page.at || offset + 2 > page.end) page = this.#turnTo(offset, 2)
    return page.view.getUint16(offset - page.at, this.littleEndian)
  }

  u32(offset: number): number {
    let page = this.#page
    if (page.owner !== this || offset < page.at || offset + 4 > page.end) page = this.#turnTo(offset, 4)
    return page.view.getUint32(offset - page.at, this.littleEndian)
  }

  u64(offset: number): number {
    const first = this.u32(offset)
    const second = this.u32(offset + 4)
    const value = this.littleEndian ? second * 2 ** 32 + first : first * 2 ** 32 + second
    if (value > Number.MAX_SAFE_INTEGER) throw new ElfFault(offset, 'a number larger than any file')
    return value
  }

  /** A word of the file's own size. */
  word(offset: number): number {
    return this.wide ? this.u64(offset) : this.u32(offset)
  }

  startsWith(offset: number, prefix: string): boolean {
    for (let index = 0; index < prefix.length; index += 1) if (this.u8(offset + index) !== prefix.charCodeAt(index)) return false
    return true
  }

  /** Whether the bytes from `offset` are `name` and a NUL. */
  equals(offset: number, name: string): boolean {
    return this.startsWith(offset, name) && this.u8(offset + name.length) === 0
  }

  /** The text up to the next NUL, which must come before `end`. */
  text(offset: number, end: number): string {
    const limit = Math.min(end, this.source.size)
    if (offset < 0 || offset >= limit) throw new ElfFault(Math.max(offset, 0), 'a name begins behind the end of its table')
    let text = ''
    for (let from = offset; from < limit && from - offset < maxNameBytes;) {
      const { bytes, at, end: pageEnd } = this.#turnTo(from, 1)
      const stop = Math.min(pageEnd, limit) - at
      const nul = bytes.indexOf(0, from - at)
      const isWhole = nul !== -1 && nul < stop
      const part = bytes.toString('latin1', from - at, isWhole ? nul : stop)
      this.#textLeft -= part.length
      if (this.#textLeft < 0) throw new ElfFault(offset, `names of more than ${maxTextBytes} bytes`)
      text += part
      if (isWhole) return asUtf8(text)
      from = at + stop
    }
    throw new ElfFault(offset, 'a name without an end')
  }

  #turnTo(offset: number, length: number): Page {
    const page = this.#page
    const before = this.#before
    if (this.#holds(page, offset, length)) return page
    this.#before = page
    this.#page = this.#holds(before, offset, length) ? before : this.#find(offset, length)
    return this.#page
  }

  #holds({ owner, at, end }: Page, offset: number, length: number): boolean {
    return owner === this && offset >= at && offset + length <= end
  }

  #find(offset: number, length: number): Page {
    this.check(offset, length, 'a field')
    const known = pages.find((page) => this.#holds(page, offset, length))
    if (known !== undefined) return known
    const at = offset - (offset % pageBytes)
    const page = pages[eldest] ?? noPage
    eldest = (eldest + 1) % pages.length
    const bytes = this.source.read(at, Math.min(pageBytes + overlapBytes, this.source.size - at), page.room)
    page.owner = this
    page.at = at
    page.end = at + bytes.length
    const isInRoom = bytes.buffer === page.room.buffer
    page.bytes = isInRoom ? page.room : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    page.view = isInRoom ? page.roomView : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (offset - at + length > bytes.length) throw new ElfFault(offset, 'the file became shorter while it was read')
    return page
  }
}

function emptyPage(room: Buffer): Page {
  const roomView = new DataView(room.buffer)
  return { owner: null, at: 0, end: 0, view: roomView, bytes: room, room, roomView }
}

/** Paths are UTF-8; a character may lie across two pages, so bytes are joined first. */
function asUtf8(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1
}
