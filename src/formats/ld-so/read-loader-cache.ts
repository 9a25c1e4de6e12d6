/** `ld.so.cache`: where the loader finds a library by its name, best first. */
export interface LoaderCache {
  readonly tag: 'Cache'
  readonly libraries: ReadonlyMap<string, readonly string[]>
}

export interface MalformedLoaderCache {
  readonly tag: 'Malformed'
  readonly offset: number
  readonly why: string
}

const magic = 'glibc-ld.so.cache1.1'
const oldMagic = 'ld.so-1.7.0\0'
const headerBytes = 48
const entryBytes = 24
const oldHeaderBytes = 16
const oldEntryBytes = 12
/** A full desktop has some 5,000 entries. */
const maxEntries = 200_000
const maxNameBytes = 4_096
/** Of all names and paths: some 400 KB on a full desktop. Entries may share them. */
const maxTextBytes = 32 * 1024 * 1024
const isAscii = /^[\0-\x7f]*$/

/** Where the entries stand, and what the offsets of their names and paths count from. */
interface Table {
  readonly count: number
  readonly at: number
  readonly entryBytes: number
  readonly namesFrom: number
  readonly big: boolean
}

/**
 * Reads a cache of glibc: of the format from 2.2 on, alone or behind the older format's table, or of the older one alone. Byte order is told
 * by a flag from 2.32 on, else by which number of entries fits into the file. Format: glibc's sysdeps/generic/dl-cache.h.
 */
export function readLoaderCache(bytes: Uint8Array): LoaderCache | MalformedLoaderCache {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const table = findTable(buffer)
  return 'tag' in table ? table : readEntries(buffer, table)
}

function findTable(buffer: Buffer): Table | MalformedLoaderCache {
  const isOld = buffer.toString('latin1', 0, oldMagic.length) === oldMagic
  const old = isOld ? fitting(buffer, 12, (count) => oldHeaderBytes + count * oldEntryBytes, null) : null
  if (old !== null && 'tag' in old) return old
  const oldEnd = old === null ? 0 : oldHeaderBytes + old.count * oldEntryBytes
  const start = Math.ceil(oldEnd / 8) * 8
  if (buffer.toString('latin1', start, start + magic.length) !== magic) {
    if (old === null) return malformed(0, 'no cache of glibc')
    return { ...old, at: oldHeaderBytes, entryBytes: oldEntryBytes, namesFrom: oldEnd }
  }
  if (start + headerBytes > buffer.length) return malformed(start, 'shorter than its header')
  const table = fitting(buffer, start + 20, (count) => start + headerBytes + count * entryBytes, buffer[start + 28] ?? 0)
  return 'tag' in table ? table : { ...table, at: start + headerBytes, entryBytes, namesFrom: start }
}

/** The number of entries at a place, in the byte order in which they fit into the file. */
function fitting(
  buffer: Buffer,
  at: number,
  endOf: (count: number) => number,
  flag: number | null,
): Pick<Table, 'count' | 'big'> | MalformedLoaderCache {
  if (at + 4 > buffer.length) return malformed(at, 'shorter than its header')
  const orders = flag === 2 ? [false] : flag === 3 ? [true] : [false, true]
  for (const big of orders) {
    const count = big ? buffer.readUInt32BE(at) : buffer.readUInt32LE(at)
    if (count <= maxEntries && endOf(count) <= buffer.length) return { count, big }
  }
  return malformed(at, `${buffer.readUInt32LE(at)} entries in ${buffer.length} bytes`)
}

function readEntries(buffer: Buffer, { count, at, entryBytes: step, namesFrom, big }: Table): LoaderCache | MalformedLoaderCache {
  const u32 = (offset: number) => (big ? buffer.readUInt32BE(offset) : buffer.readUInt32LE(offset))
  const libraries = new Map<string, string[]>()
  // Every name at once, a character for each byte: to decode them one by one takes three times as long.
  const names = buffer.toString('latin1', namesFrom)
  let left = maxTextBytes
  for (let index = 0; index < count; index += 1) {
    const entry = at + index * step
    const name = textAt(names, u32(entry + 4))
    const path = textAt(names, u32(entry + 8))
    if (name === null || path === null) return malformed(entry, 'a name outside the file')
    left -= name.length + path.length
    if (left < 0) return malformed(entry, `names of more than ${maxTextBytes} bytes`)
    const paths = libraries.get(name)
    if (paths === undefined) libraries.set(name, [path])
    else paths.push(path)
  }
  return { tag: 'Cache', libraries }
}

function textAt(names: string, at: number): string | null {
  const end = names.indexOf('\0', at)
  if (end === -1 || end - at > maxNameBytes) return null
  const text = names.slice(at, end)
  return isAscii.test(text) ? text : Buffer.from(text, 'latin1').toString('utf8')
}

function malformed(offset: number, why: string): MalformedLoaderCache {
  return { tag: 'Malformed', offset, why }
}
