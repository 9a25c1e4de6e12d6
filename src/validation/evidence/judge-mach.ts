import { posix } from 'node:path'
import type { ByteSource } from '../../formats/elf/byte-source.ts'
import { readMachO, type MachSlice } from '../../formats/macho/read-macho.ts'
import type { Extension } from '../gems/extension.ts'
import type { Observation } from '../observation.ts'
import type { Judgement } from './judgement.ts'
import type { Workbench } from './workbench.ts'

/** Libraries of the system stand in its shared cache, not on disk (macOS 11 and newer). */
const systemLibrary = /^\/(?:usr\/lib|System)\//

/** Weighs an extension of macOS; null when it can't be read. */
export function judgeMach({ tree, runtime }: Workbench, extension: Extension, file: ByteSource): Judgement | string {
  if (!runtime.arch.includes('darwin')) return 'a macOS library (Mach-O)'
  const read = readMachO(file)
  if (read.tag === 'Malformed') return `unreadable at offset ${read.offset}: ${read.why}`
  const cpu = runtime.arch.split('-')[0] ?? ''
  const mine = read.slices.find((slice) => slice.cpu === cpu)
  if (mine === undefined) return judgement([otherProcessor(extension, read.slices, cpu)], null)
  const libruby = mine.needed.map((name) => /libruby[\w-]*?\.(\d+\.\d+)\.dylib$/.exec(name)?.[1]).find((minor) => minor !== undefined)
  const observations = mine.needed
    .filter((name) => name.startsWith('/') && !systemLibrary.test(name) && !/libruby/.test(name) && tree.realPath(name) === null)
    .map((name): Observation => ({
      code: 'LIBRARY_ABSENT',
      gem: extension.gem.name,
      evidence: [{ what: `loads ${name}, which does not exist`, where: extension.path }],
      explanation: `${extension.feature} loads ${name}, which is not there: Homebrew may have moved it.`,
      mend: tree.realPath(posix.dirname(name)) === null ? { tag: 'Library', name } : { tag: 'Rebuild' },
    }))
  if (libruby !== undefined && libruby !== runtime.minor) observations.push(otherRuby(extension, libruby, runtime.minor))
  const builtFor = libruby ?? extension.folderMinor
  if (builtFor === null && observations.length === 0) observations.push(unknownOrigin(extension, runtime.minor))
  return judgement(observations, builtFor)
}

function judgement(observations: readonly Observation[], builtFor: string | null): Judgement {
  const unknown = observations.every(({ code }) => code === 'ORIGIN_UNKNOWN')
  return { verdict: observations.length === 0 ? 'compatible' : unknown ? 'unknown' : 'incompatible', observations, builtFor, brought: [] }
}

function otherProcessor(extension: Extension, slices: readonly MachSlice[], cpu: string): Observation {
  const built = slices.map((slice) => slice.cpu).join(', ')
  return {
    code: 'ARCHITECTURE_DIFFERS',
    gem: extension.gem.name,
    evidence: [{ what: `for ${built}`, where: extension.path }],
    explanation: `${posix.basename(extension.path)} is compiled for ${built}, Ruby for ${cpu}.`,
    mend: { tag: 'Rebuild' },
  }
}

function otherRuby(extension: Extension, built: string, minor: string): Observation {
  return {
    code: 'BUILT_FOR_OTHER_RUBY',
    gem: extension.gem.name,
    evidence: [{ what: `loads libruby.${built}.dylib`, where: extension.path }],
    explanation: `${extension.feature} was built for Ruby ${built}; it would be loaded by Ruby ${minor}.`,
    mend: { tag: 'Rebuild' },
  }
}

function unknownOrigin(extension: Extension, minor: string): Observation {
  return {
    code: 'ORIGIN_UNKNOWN',
    gem: extension.gem.name,
    evidence: [{ what: 'loads no libruby', where: extension.path }],
    explanation: `Nothing in ${extension.feature} tells whether it was built for Ruby ${minor}.`,
    mend: { tag: 'Rebuild' },
  }
}
