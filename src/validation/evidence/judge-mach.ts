import { posix } from 'node:path'
import type { ByteSource } from '../../formats/elf/byte-source.ts'
import { readMachO, type MachSlice } from '../../formats/macho/read-macho.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Extension } from '../gems/extension.ts'
import type { Observation } from '../observation.ts'
import type { Judgement } from './judgement.ts'
import type { Workbench } from './workbench.ts'

/** Libraries of the system stand in its shared cache, not on disk (macOS 11 and newer). */
const systemLibrary = /^\/(?:usr\/lib|System)\//

/** Why there is nothing to weigh. */
export interface Unfit {
  readonly code: 'EXTENSION_NO_LIBRARY' | 'EXTENSION_UNREADABLE'
  readonly what: string
}

/** Weighs an extension of macOS. */
export function judgeMach({ tree, runtime }: Workbench, extension: Extension, file: ByteSource): Judgement | Unfit {
  if (!runtime.arch.includes('darwin')) return { code: 'EXTENSION_NO_LIBRARY', what: 'the file is a macOS library (Mach-O)' }
  const read = readMachO(file)
  if (read.tag === 'Malformed') return { code: 'EXTENSION_UNREADABLE', what: `offset ${read.offset}: ${read.why}` }
  // The system's own Ruby is `universal.arm64e-darwin23`, or `universal-darwin23`, which tells no processor.
  const cpu = (runtime.arch.split('-')[0] ?? '').replace(/^universal\.?/, '')
  const mine = cpu === '' ? read.slices[0] : read.slices.find((slice) => slice.cpu === cpu)
  if (mine === undefined) return judgement([otherProcessor(extension, read.slices, cpu)], null)
  if (mine.truncated) return judgement([cutOff(extension)], null)
  const libruby = mine.needed.map((name) => /libruby[\w-]*?\.(\d+\.\d+)\.dylib$/.exec(name)?.[1]).find((minor) => minor !== undefined)
  const own = tree.realPath(extension.path) ?? extension.path
  const observations = mine.needed
    .filter((name) => !systemLibrary.test(name) && !/libruby/.test(name))
    .flatMap((name): Observation[] => {
      const path = placeOf(name, own, runtime.rubyPath)
      return path === null || tree.realPath(path) !== null ? [] : [absentLibrary(extension, name, path, tree)]
    })
  if (libruby !== undefined && libruby !== runtime.minor) observations.push(otherRuby(extension, libruby, runtime.minor))
  const builtFor = libruby ?? extension.folderMinor
  if (builtFor === null && observations.length === 0) observations.push(unknownOrigin(extension, runtime.minor))
  return judgement(observations, builtFor)
}

function judgement(observations: readonly Observation[], builtFor: string | null): Judgement {
  const unknown = observations.every(({ code }) => code === 'ORIGIN_UNKNOWN')
  return { verdict: observations.length === 0 ? 'compatible' : unknown ? 'unknown' : 'incompatible', observations, builtFor, brought: [] }
}

/** Where dyld(1) looks for a library; null where Ruby's own `@rpath` may add places. */
function placeOf(name: string, extension: string, ruby: string): string | null {
  if (name.startsWith('/')) return name
  if (name.startsWith('@loader_path/')) return posix.join(posix.dirname(extension), name.slice('@loader_path/'.length))
  return name.startsWith('@executable_path/') ? posix.join(posix.dirname(ruby), name.slice('@executable_path/'.length)) : null
}

function absentLibrary(extension: Extension, name: string, path: string, tree: FileTree): Observation {
  const isSystems = name === path
  return {
    code: 'LIBRARY_ABSENT',
    gem: extension.gem.name,
    evidence: [
      { what: `loads ${name}`, where: extension.path },
      { what: 'does not exist', where: path },
    ],
    explanation: `${extension.feature} loads ${name}, which is not there${isSystems ? ': Homebrew may have moved it' : ''}.`,
    mend: isSystems && tree.realPath(posix.dirname(name)) === null ? { tag: 'Library', name } : { tag: 'Rebuild' },
  }
}

function cutOff(extension: Extension): Observation {
  return {
    code: 'EXTENSION_TRUNCATED',
    gem: extension.gem.name,
    evidence: [{ what: 'the file ends before its last segment does', where: extension.path }],
    explanation: `${extension.feature} can not be loaded: the file ends before its last segment does.`,
    mend: { tag: 'Rebuild' },
  }
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
