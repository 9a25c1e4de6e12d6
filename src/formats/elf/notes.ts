import { ElfFault, type MalformedElf } from './elf-cursor.ts'
import type { ElfFile } from './elf.ts'
import { guarded } from './read-elf.ts'

/** One entry of a note segment; its descriptor lies in the file. */
export interface ElfNote {
  readonly owner: string
  readonly type: number
  readonly offset: number
  readonly size: number
}

/** Real files have fewer than ten. */
const maxNotes = 256
const maxBuildIdBytes = 64
const abiTag = 1
const buildId = 3
/** Operating systems of a GNU ABI tag, by number. */
const systems = ['Linux', 'the Hurd', 'Solaris', 'FreeBSD']

/** All notes of a file (System V gABI, "Note Section"). */
export function readNotes(elf: ElfFile): readonly ElfNote[] | MalformedElf {
  return guarded(() => {
    const { cursor } = elf
    const notes: ElfNote[] = []
    for (const { offset, size, align } of elf.noteSegments) {
      cursor.check(offset, size, 'a note segment')
      const padded = (bytes: number) => Math.ceil(bytes / align) * align
      for (let at = offset; at + 12 <= offset + size;) {
        const [nameBytes, bytes, type] = [cursor.u32(at), cursor.u32(at + 4), cursor.u32(at + 8)]
        const start = at + padded(12 + nameBytes)
        if (start + bytes > offset + size) throw new ElfFault(at, 'a note that leaves its segment')
        notes.push({ owner: nameBytes === 0 ? '' : cursor.text(at + 12, start), type, offset: start, size: bytes })
        if (notes.length > maxNotes) throw new ElfFault(at, 'too many notes')
        at = start + padded(bytes)
      }
    }
    return notes
  })
}

/** `NT_GNU_BUILD_ID` in hexadecimal: equal for two copies of one link, stripped or not; null for a file without one. */
export function readBuildId(elf: ElfFile): string | null {
  const note = gnuNote(elf, buildId)
  if (note === null || note.size === 0 || note.size > maxBuildIdBytes) return null
  const bytes = elf.cursor.source.read(note.offset, note.size)
  return bytes.length === note.size ? Buffer.from(bytes).toString('hex') : null
}

/** The operating system of `NT_GNU_ABI_TAG` (Linux Standard Base, "Note Section"); null for a file without one. */
export function readAbiSystem(elf: ElfFile): string | null {
  const note = gnuNote(elf, abiTag)
  if (note === null || note.size < 16) return null
  const system = guarded(() => elf.cursor.u32(note.offset))
  return typeof system === 'number' ? (systems[system] ?? `system ${system}`) : null
}

function gnuNote(elf: ElfFile, type: number): ElfNote | null {
  const notes = readNotes(elf)
  return 'tag' in notes ? null : (notes.find((note) => note.owner === 'GNU' && note.type === type) ?? null)
}
