import { ElfFault, type MalformedElf } from './elf-cursor.ts'
import type { ElfFile } from './elf.ts'
import { guarded } from './read-elf.ts'

/** Versions that a file wants of one library, such as `GLIBC_2.34` of `libc.so.6`. */
export interface NeededVersions {
  readonly library: string
  readonly versions: readonly { readonly name: string; readonly weak: boolean }[]
}

/** glibc's own table has fewer than 100 versions. */
const maxVersions = 4_096
const weakFlag = 2

/** `.gnu.version_r` (Linux Standard Base, "Symbol Versioning"). */
export function readNeededVersions(elf: ElfFile): readonly NeededVersions[] | MalformedElf {
  return guarded(() => {
    const { cursor, tables } = elf
    const { versionsNeeded: table, strings } = tables
    if (table === null || strings === null) return []
    const text = (at: number) => cursor.text(strings.offset + cursor.u32(at), strings.offset + strings.size)
    const needs: NeededVersions[] = []
    let budget = maxVersions
    for (let at = table.offset, left = table.count; left > 0; left -= 1) {
      const versions: { name: string; weak: boolean }[] = []
      for (let aux = at + cursor.u32(at + 8), count = cursor.u16(at + 2); count > 0; count -= 1) {
        budget -= 1
        if (budget < 0) throw new ElfFault(aux, 'too many needed versions')
        versions.push({ name: text(aux + 8), weak: (cursor.u16(aux + 4) & weakFlag) !== 0 })
        const next = cursor.u32(aux + 12)
        if (next === 0) break
        aux += next
      }
      needs.push({ library: text(at + 4), versions })
      const next = cursor.u32(at + 12)
      budget -= 1
      if (next === 0 || budget < 0) break
      at += next
    }
    return needs
  })
}

/** `.gnu.version_d`: versions that the file offers, its own name (the base version) left out. */
export function readDefinedVersions(elf: ElfFile): readonly string[] | MalformedElf {
  return guarded(() => {
    const { cursor, tables } = elf
    const { versionsDefined: table, strings } = tables
    if (table === null || strings === null) return []
    const names: string[] = []
    for (let at = table.offset, left = Math.min(table.count, maxVersions); left > 0; left -= 1) {
      const isBase = (cursor.u16(at + 2) & 1) !== 0
      const aux = at + cursor.u32(at + 12)
      if (!isBase) names.push(cursor.text(strings.offset + cursor.u32(aux), strings.offset + strings.size))
      const next = cursor.u32(at + 16)
      if (next === 0) break
      at += next
    }
    return names
  })
}
