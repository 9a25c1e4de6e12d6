import type { ElfFile } from '../../formats/elf/elf.ts'
import { readAbiSystem } from '../../formats/elf/notes.ts'
import type { Extension } from '../gems/extension.ts'
import type { Observation } from '../observation.ts'
import { machineName } from './machine-name.ts'
import type { Workbench } from './workbench.ts'

/** `EI_OSABI` values that the loaders of Linux accept (glibc's elf/dl-load.c): System V and GNU. */
const linuxAbis: readonly number[] = [0, 3]

/** Whether the file is for Ruby's own processor, operating system and C library; null when it is. */
export function checkMachine({ linked, runtime }: Workbench, extension: Extension, elf: ElfFile): Observation | null {
  if (linked === null) return null
  const { ruby, loader } = linked
  if (elf.machine !== ruby.elf.machine || elf.bits !== ruby.elf.bits || elf.littleEndian !== ruby.elf.littleEndian)
    return {
      code: 'ARCHITECTURE_DIFFERS',
      gem: extension.gem.name,
      evidence: [
        { what: machineName(elf), where: extension.path },
        { what: machineName(ruby.elf), where: ruby.path },
      ],
      explanation: `${extension.feature} is compiled for ${machineName(elf)}, Ruby ${runtime.version} for ${machineName(ruby.elf)}.`,
      mend: { tag: 'Rebuild' },
    }
  const system = foreignSystem(elf)
  if (system !== null)
    return {
      code: 'EXTENSION_NO_LIBRARY',
      gem: extension.gem.name,
      evidence: [{ what: system, where: extension.path }],
      explanation: `${extension.feature} can not be loaded: it is built for another operating system.`,
      mend: { tag: 'Rebuild' },
    }
  const musl = elf.needed.find((name) => name.startsWith('libc.musl-') || name === 'libc.so')
  const glibc = elf.needed.find((name) => /^libc\.so\.6|^ld-linux/.test(name))
  const wrong = loader.libc === 'glibc' ? musl : glibc
  if (wrong === undefined) return null
  return {
    code: 'LIBC_DIFFERS',
    gem: extension.gem.name,
    evidence: [
      { what: `DT_NEEDED ${wrong}`, where: extension.path },
      { what: `runs on ${loader.libc}`, where: ruby.path },
    ],
    explanation: `${extension.feature} is built for ${loader.libc === 'glibc' ? 'musl' : 'glibc'}, Ruby runs on ${loader.libc}.`,
    mend: { tag: extension.gem.platform === 'ruby' ? 'Rebuild' : 'SourceBuild' },
  }
}

function foreignSystem(elf: ElfFile): string | null {
  if (!linuxAbis.includes(elf.osAbi)) return `EI_OSABI is ${elf.osAbi}${elf.osAbi === 9 ? ' (FreeBSD)' : ''}`
  const system = readAbiSystem(elf)
  return system === null || system === 'Linux' ? null : `its ABI tag names ${system}`
}
