import type { ByteSource } from '../elf/byte-source.ts'

/** The part of a Mach-O file for one processor. */
export interface MachSlice {
  /** As `lipo -archs` names it: `arm64`, `arm64e`, `x86_64`, `i386`; else `cpu N`. */
  readonly cpu: string
  /** Install names of the libraries that it loads, weak ones left out. */
  readonly needed: readonly string[]
  /** Its own install name, of libraries. */
  readonly installName: string | null
  readonly rpaths: readonly string[]
  /** The file ends before one of its segments does. */
  readonly truncated: boolean
}

export interface MachFile {
  readonly tag: 'MachO'
  readonly slices: readonly MachSlice[]
}

export interface MalformedMach {
  readonly tag: 'Malformed'
  readonly offset: number
  readonly why: string
}

class MachFault extends Error {
  readonly offset: number

  constructor(offset: number, why: string) {
    super(why)
    this.offset = offset
  }
}

/** The largest real universal files hold five; a Java class file has the same magic number and a larger count. */
const maxSlices = 16
/** Real bundles have some 20 load commands in 4 KiB. */
const maxCommandBytes = 1024 * 1024
const fatMagic = 0xcafebabe
/** For parts that begin behind the first 4 GiB; dyld takes both (mach-o/fat.h, `fat_arch_64`). */
const wideFatMagic = 0xcafebabf
const command = {
  segment: 0x1,
  loadDylib: 0xc,
  idDylib: 0xd,
  wideSegment: 0x19,
  rpath: 0x8000001c,
  reexport: 0x8000001f,
  upward: 0x80000023,
} as const

/** Reads a thin or universal ("fat") Mach-O file as far as the loader's names go. Never throws. Format: Apple's mach-o/loader.h and mach-o/fat.h. */
export function readMachO(source: ByteSource): MachFile | MalformedMach {
  try {
    const head = view(source, 0, 8, 'the header')
    const magic = head.getUint32(0)
    if (magic !== fatMagic && magic !== wideFatMagic) return { tag: 'MachO', slices: [readSlice(source, 0)] }
    const count = head.getUint32(4)
    if (count === 0 || count > maxSlices) throw new MachFault(4, `a universal file of ${count} parts`)
    const entryBytes = magic === fatMagic ? 20 : 32
    const table = view(source, 8, count * entryBytes, 'the table of parts')
    const startOf = (at: number) => (magic === fatMagic ? table.getUint32(at) : size(table, at, false))
    return { tag: 'MachO', slices: Array.from({ length: count }, (_, index) => readSlice(source, startOf(index * entryBytes + 8))) }
  } catch (error) {
    if (error instanceof MachFault) return { tag: 'Malformed', offset: error.offset, why: error.message }
    throw error
  }
}

function readSlice(source: ByteSource, start: number): MachSlice {
  const head = view(source, start, 28, 'the header of a part')
  const magic = head.getUint32(0)
  const little = magic === 0xcefaedfe || magic === 0xcffaedfe
  const wide = magic === 0xfeedfacf || magic === 0xcffaedfe
  if (!little && magic !== 0xfeedface && magic !== 0xfeedfacf) throw new MachFault(start, 'no Mach-O header')
  const commandBytes = head.getUint32(20, little)
  if (commandBytes > maxCommandBytes) throw new MachFault(start + 20, `load commands of ${commandBytes} bytes`)
  const commands = view(source, start + (wide ? 32 : 28), commandBytes, 'the load commands')
  const needed: string[] = []
  const rpaths: string[] = []
  let installName: string | null = null
  let truncated = false
  for (let at = 0, left = head.getUint32(16, little); left > 0; left -= 1) {
    if (at + 8 > commandBytes) throw new MachFault(start + at, 'a load command that ends too early')
    const kind = commands.getUint32(at, little)
    const length = commands.getUint32(at + 4, little)
    if (length < 8 || at + length > commandBytes) throw new MachFault(start + at, `a load command of ${length} bytes`)
    const name = () => text(commands, at, length, little)
    if (kind === command.segment || kind === command.wideSegment)
      truncated ||= start + segmentEnd(commands, at, length, kind === command.wideSegment, little) > source.size
    else if (kind === command.loadDylib || kind === command.reexport || kind === command.upward) needed.push(name())
    else if (kind === command.rpath) rpaths.push(name())
    else if (kind === command.idDylib) installName = name()
    at += length
  }
  return { cpu: cpuName(head.getUint32(4, little), head.getUint32(8, little)), needed, installName, rpaths, truncated }
}

/** Where in its part a segment ends: `fileoff` and `filesize` stand behind a name of 16 bytes and two addresses. */
function segmentEnd(commands: DataView, at: number, length: number, wide: boolean, little: boolean): number {
  if (length < (wide ? 72 : 56)) throw new MachFault(at, `a segment of ${length} bytes`)
  if (wide) return size(commands, at + 40, little) + size(commands, at + 48, little)
  return commands.getUint32(at + 32, little) + commands.getUint32(at + 36, little)
}

/** 64 bits; what a number can't hold exactly is behind the end of any file all the same. */
function size(from: DataView, at: number, little: boolean): number {
  return Number(from.getBigUint64(at, little))
}

/** The name in a load command: its offset stands in the third field. */
function text(commands: DataView, at: number, length: number, little: boolean): string {
  const from = length < 12 ? length : commands.getUint32(at + 8, little)
  if (from >= length) throw new MachFault(at, 'a name outside its load command')
  const bytes = Buffer.from(commands.buffer, commands.byteOffset + at + from, length - from)
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end)
}

/** mach/machine.h; the upper byte of the subtype holds flags. */
function cpuName(type: number, subtype: number): string {
  if (type === 0x0100000c) return (subtype & 0xffffff) === 2 ? 'arm64e' : 'arm64'
  return (
    new Map([
      [0x01000007, 'x86_64'],
      [7, 'i386'],
      [12, 'arm'],
    ]).get(type) ?? `cpu ${type}`
  )
}

function view(source: ByteSource, offset: number, length: number, what: string): DataView {
  if (offset + length > source.size) throw new MachFault(Math.min(offset, source.size), `${what} ends behind the end of the file`)
  const bytes = source.read(offset, length)
  if (bytes.length < length) throw new MachFault(offset, 'the file became shorter while it was read')
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
