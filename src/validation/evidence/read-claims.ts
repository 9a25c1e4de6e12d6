import { readSourceFolders } from '../../formats/dwarf-line/read-source-folders.ts'
import type { ByteSource } from '../../formats/elf/byte-source.ts'
import type { ElfFile, ElfSection } from '../../formats/elf/elf.ts'
import { readSectionData, readSections } from '../../formats/elf/sections.ts'
import type { Extension } from '../gems/extension.ts'
import type { Claim } from './claim.ts'

/** `libruby-3.1.so.3.1` (Debian), `libruby.so.3.3` (the default), `libruby31.so.3.1`. */
const libruby = /^libruby[\w.-]*?\.so\.(\d+\.\d+)/
/** `/usr/include/ruby-3.1.0`, `/usr/local/include/x86_64-linux/ruby-3.3.0/ruby`; development versions end in `+1`. */
const headers = /(?:^|\/)include\/(?:[^/]+\/)?ruby-(\d+\.\d+)\.\d+(?:\+\w+)?(?:\/|$)/
/** A cross compiler's or version manager's own Ruby: `…/ruby-3.1.6/lib`, `…/versions/3.1.6/lib`. */
const rubyHome = /\/(?:ruby-|versions\/|rubies\/(?:ruby-)?|installs\/ruby\/)(\d+\.\d+)\.\d+[^/]*\/lib(?:\/|$)/

/** What a compiled ELF file and its folder say about the Ruby they were made for. */
export function readClaims(extension: Extension, elf: ElfFile): Claim[] {
  const where = extension.path
  const claims: Claim[] = []
  for (const name of elf.needed) {
    const minor = libruby.exec(name)?.[1]
    if (minor !== undefined) claims.push({ minor, by: 'file', what: `DT_NEEDED ${name}`, where })
  }
  for (const path of [elf.rpath, elf.runpath])
    for (const folder of path?.split(':') ?? []) {
      const minor = rubyHome.exec(folder)?.[1]
      if (minor !== undefined) claims.push({ minor, by: 'file', what: `RUNPATH ${folder}`, where })
    }
  for (const folder of headerFolders(elf)) {
    const minor = headers.exec(folder)?.[1]
    if (minor !== undefined && !claims.some((claim) => claim.minor === minor && claim.what.startsWith('debug')))
      claims.push({ minor, by: 'file', what: `debug information names ${folder}`, where })
  }
  if (extension.folderMinor !== null && extension.gem.platform !== 'ruby')
    claims.push({ minor: extension.folderMinor, by: 'publisher', what: `precompiled for Ruby ${extension.folderMinor}`, where })
  return claims
}

/** Folders in the line tables; none when the file is stripped or its debug information can't be read. */
function headerFolders(elf: ElfFile): readonly string[] {
  const sections = readSections(elf)
  if ('tag' in sections) return []
  const line = data(elf, sections, 'debug_line')
  if (line === null) return []
  const read = readSourceFolders({
    line,
    lineStrings: data(elf, sections, 'debug_line_str'),
    strings: data(elf, sections, 'debug_str'),
    littleEndian: elf.littleEndian,
  })
  return read.tag === 'Folders' ? read.folders : []
}

function data(elf: ElfFile, sections: readonly ElfSection[], name: string): ByteSource | null {
  const names = [`.${name}`, `.z${name}`]
  const section = sections.find((each) => names.includes(each.name))
  const bytes = section === undefined ? null : readSectionData(elf, section)
  return bytes === null || 'tag' in bytes ? null : bytes
}
