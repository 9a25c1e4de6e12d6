import type { ElfFile } from '../../formats/elf/elf.ts'
import { readExports, readImports } from '../../formats/elf/symbols.ts'

/** `ET_DYN` (ELF gABI, "ELF Header"): the one kind that a process can take in. */
const sharedObject = 3
/** No processor has code that begins with so many zeros. */
const codeBytes = 16

/**
 * Why an ELF file is no library that could be loaded; null when it is one. An interrupted copy may have the right size and nothing but
 * zeros behind some byte: without its dynamic section such a file would look like a library that needs nothing.
 */
export function whyNoLibrary(elf: ElfFile): string | null {
  if (elf.type !== sharedObject) return `it is no shared object (ELF type ${elf.type})`
  if (elf.tables.symbols === null || elf.tables.strings === null) return 'it has no dynamic symbols'
  const imports = readImports(elf)
  if ('tag' in imports) return `its symbols are unreadable at offset ${imports.offset}: ${imports.why}`
  const inits = readExports(elf, 'Init_')
  if ('tag' in inits) return `its symbols are unreadable at offset ${inits.offset}: ${inits.why}`
  const hollow = inits.find(({ offset }) => offset !== null && isZero(elf, offset))
  return hollow === undefined ? null : `there are only zeros where ${hollow.name} should be`
}

function isZero({ cursor: { source } }: ElfFile, offset: number): boolean {
  const bytes = source.read(offset, Math.max(0, Math.min(codeBytes, source.size - offset)))
  return bytes.length === codeBytes && bytes.every((byte) => byte === 0)
}
