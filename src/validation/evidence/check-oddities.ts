import { posix } from 'node:path'
import type { ElfFile } from '../../formats/elf/elf.ts'
import { exportsSymbol, readExports } from '../../formats/elf/symbols.ts'
import type { Extension } from '../gems/extension.ts'
import type { Library } from '../libraries/elf-shelf.ts'
import type { Observation } from '../observation.ts'
import { list } from './check-linkage.ts'
import type { Workbench } from './workbench.ts'

/** What is unusual about a file that the loader could bind. */
export function checkOddities({ runtime, linked }: Workbench, extension: Extension, elf: ElfFile, usesRuby: boolean): Observation[] {
  // Ruby takes the file's name up to its first dot (dln.c, init_funcname_len): `cool.io_ext.so` begins at Init_cool.
  const name = `Init_${posix.basename(extension.feature).replace(/\..*$/, '')}`
  const inits = initNames(elf)
  const found: Observation[] = []
  if (usesRuby && inits.length > 0 && !inits.includes(name))
    found.push({
      code: 'INIT_ABSENT',
      gem: extension.gem.name,
      evidence: [{ what: `offers ${list(inits)}, not ${name}`, where: extension.path }],
      explanation: `${extension.feature} has no ${name}: the file was renamed, or is another one.`,
      mend: { tag: 'Rebuild' },
    })
  if (runtime.prerelease && usesRuby && exportsSymbol(elf, 'ruby_abi_version') !== true)
    found.push({
      code: 'ABI_VERSION_ABSENT',
      gem: extension.gem.name,
      evidence: [{ what: 'offers no ruby_abi_version', where: extension.path }],
      explanation: `Ruby ${runtime.version} is a development version, and ${extension.feature} was not built for exactly this one.`,
      mend: { tag: extension.gem.platform === 'ruby' ? 'Rebuild' : 'SourceBuild' },
    })
  const jemalloc = elf.needed.find((name) => name.startsWith('libjemalloc'))
  if (jemalloc !== undefined && linked !== null && !linked.loader.rubyOffers('mallctl'))
    found.push({
      code: 'ALLOCATOR_LATE',
      gem: extension.gem.name,
      evidence: [{ what: `DT_NEEDED ${jemalloc}, which Ruby itself does not load`, where: extension.path }],
      explanation: `${extension.feature} brings ${jemalloc} in after Ruby has started, where thread-local storage may be used up.`,
      mend: { tag: 'Rebuild' },
    })
  return [...found, ...checkStack(linked?.loader.refusesExecutableStack ?? null, extension, elf)]
}

function checkStack(refuser: Library | null, extension: Extension, { executableStack }: ElfFile): Observation[] {
  if (executableStack === 'no' || (executableStack === 'implied' && refuser === null)) return []
  const how = executableStack === 'asked' ? 'PT_GNU_STACK asks for an executable stack' : 'no PT_GNU_STACK: the stack would be executable'
  const where = extension.path
  return [
    {
      code: refuser === null ? 'EXECUTABLE_STACK' : 'EXECUTABLE_STACK_REFUSED',
      gem: extension.gem.name,
      evidence: [
        { what: how, where },
        ...(refuser === null ? [] : [{ what: 'glibc 2.41 or newer, which makes none', where: refuser.path }]),
      ],
      explanation: `${extension.feature} wants an executable stack, which ${refuser === null ? 'newer systems refuse' : 'this system refuses'}.`,
      mend: { tag: 'Rebuild' },
    },
  ]
}

/** Functions that Ruby calls when it loads a file of that name. */
export function initNames(elf: ElfFile): readonly string[] {
  const found = readExports(elf, 'Init_')
  return 'tag' in found ? [] : found.map(({ name }) => name)
}
