import type { ElfFile } from '../../formats/elf/elf.ts'
import { readSections } from '../../formats/elf/sections.ts'
import { readExports, readImports } from '../../formats/elf/symbols.ts'

/** `ET_DYN` (ELF gABI, "ELF Header"): the one kind that a process can take in. */
const sharedObject = 3
/** No processor has code that begins with so many zeros. */
const codeBytes = 16
const pageBytes = 4_096
/** So many pages of a file's code are looked at, evenly spread. */
const sampledPages = 16

/**
 * Why an ELF file is no library that could be loaded; null when it is one. An interrupted copy may have the right size and nothing but
 * zeros behind some byte: without its dynamic section such a file would look like a library that needs nothing.
 */
export function whyNoLibrary(elf: ElfFile): string | null {
  if (elf.type !== sharedObject) return `it is no shared object (ELF type ${elf.type})`
  if (elf.interpreter !== null) return 'it is a program'
  if (elf.tables.symbols === null || elf.tables.strings === null) return 'it has no dynamic symbols'
  const imports = readImports(elf)
  if ('tag' in imports) return `its symbols are unreadable at offset ${imports.offset}: ${imports.why}`
  const inits = readExports(elf, 'Init_')
  if ('tag' in inits) return `its symbols are unreadable at offset ${inits.offset}: ${inits.why}`
  const hollow = inits.find(({ offset }) => offset !== null && isZero(elf, offset, codeBytes))
  if (hollow !== undefined) return `there are only zeros where ${hollow.name} should be`
  const page = zeroPage(elf)
  return page === null ? null : `there are only zeros at offset ${page}, where code should be`
}

/** A page of `.text` that holds nothing; null when those that are looked at hold code, or when no section table tells where it is. */
function zeroPage(elf: ElfFile): number | null {
  const sections = readSections(elf)
  const code = 'tag' in sections ? undefined : sections.find(({ name }) => name === '.text')
  if (code === undefined) return null
  const first = Math.ceil(code.offset / pageBytes)
  const pages = Math.floor((code.offset + code.size) / pageBytes) - first
  const step = Math.max(1, pages / sampledPages)
  for (let page = 0; page < pages; page += step) {
    const offset = (first + Math.floor(page)) * pageBytes
    if (isZero(elf, offset, pageBytes)) return offset
  }
  return null
}

function isZero({ cursor: { source } }: ElfFile, offset: number, length: number): boolean {
  if (offset + length > source.size) return false
  const bytes = source.read(offset, length)
  return bytes.length === length && bytes.every((byte) => byte === 0)
}
