import type { ElfFile } from './elf.ts'

/** A reader that answers the second question about one file from memory: what judges a file asks for its sections some ten times. */
export function remembered<T extends object>(read: (elf: ElfFile) => T): (elf: ElfFile) => T {
  const known = new WeakMap<ElfFile, T>()
  return (elf) => {
    const before = known.get(elf)
    if (before !== undefined) return before
    const fresh = read(elf)
    known.set(elf, fresh)
    return fresh
  }
}
