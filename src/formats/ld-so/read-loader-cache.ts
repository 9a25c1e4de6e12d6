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
const oldEntryBytes = 12
/** A full desktop has some 5,000 entries. */
const maxEntries = 200_000
const maxNameBytes = 4_096

/**
 * Reads the cache of glibc from 2.2 on, alone or behind the older format's table; byte order is told by its own flag, else tried.
 * Format: glibc's sysdeps/generic/dl-cache.h. Names and paths are offsets from the beginning of the newer header.
 */
export function readLoaderCache(bytes: Uint8Array): LoaderCache | MalformedLoaderCache {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = buffer.toString('latin1', 0, oldMagic.length) === oldMagic ? behindOldTable(buffer) : 0
  if (start + headerBytes > buffer.length) return malformed(0, 'shorter than its header')
  if (buffer.toString('latin1', start, start + magic.length) !== magic) return malformed(start, 'no glibc cache 1.1')
  const big = (buffer[start + 28] ?? 0) === 3
  const u32 = (at: number) => (big ? buffer.readUInt32BE(at) : buffer.readUInt32LE(at))
  const count = u32(start + 20)
  if (count > maxEntries || start + headerBytes + count * entryBytes > buffer.length)
    return malformed(start + 20, `${count} entries in ${buffer.length} bytes`)
  const libraries = new Map<string, string[]>()
  for (let index = 0; index < count; index += 1) {
    const at = start + headerBytes + index * entryBytes
    const name = textAt(buffer, start + u32(at + 4))
    const path = textAt(buffer, start + u32(at + 8))
    if (name === null || path === null) return malformed(at, 'a name outside the file')
    const paths = libraries.get(name)
    if (paths === undefined) libraries.set(name, [path])
    else paths.push(path)
  }
  return { tag: 'Cache', libraries }
}

function behindOldTable(buffer: Buffer): number {
  if (buffer.length < 16) return buffer.length
  const end = 16 + buffer.readUInt32LE(12) * oldEntryBytes
  return Math.ceil(end / 8) * 8
}

function textAt(buffer: Buffer, at: number): string | null {
  if (at >= buffer.length) return null
  const end = buffer.indexOf(0, at)
  return end === -1 || end - at > maxNameBytes ? null : buffer.toString('utf8', at, end)
}

function malformed(offset: number, why: string): MalformedLoaderCache {
  return { tag: 'Malformed', offset, why }
}
