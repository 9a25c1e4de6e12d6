import { posix } from 'node:path'
import type { ElfFile } from '../../formats/elf/elf.ts'
import type { Extension } from '../gems/extension.ts'
import type { Loader, Resolved } from '../libraries/loader.ts'
import type { Observation } from '../observation.ts'
import type { Evidence } from '../validation-report.ts'
import { findLostLibrary, type LostLibrary } from './find-lost-library.ts'
import { lackingEvidence, lackingVersions, lackingVersionsOf } from './lacking-versions.ts'
import type { Workbench } from './workbench.ts'

/** Libraries that the loader would not find. `own`: the extension, with every link followed. */
export function absentLibraries(bench: Workbench, extension: Extension, elf: ElfFile, { absent }: Resolved, own: string): Observation[] {
  const elsewhere = foldersElsewhere(bench, elf)
  return absent
    .filter(({ name }) => !name.startsWith('libruby'))
    .map(({ name, neededBy }) => {
      const evidence = [{ what: `DT_NEEDED ${name}, found in none of the loader's folders`, where: neededBy }]
      const lost = findLostLibrary(bench, name)
      if (lost !== null) return lostLibrary(extension, name, evidence, lost)
      const others = bench.linked?.loader.otherMajors(name) ?? []
      const moved = others.length > 0 && neededBy === own
      return {
        code: 'LIBRARY_ABSENT' as const,
        gem: extension.gem.name,
        evidence: [
          ...evidence,
          ...(neededBy === own ? elsewhere : []).map((path) => ({ what: `RUNPATH ${path}, which does not exist`, where: own })),
          ...others.map((path) => ({ what: 'another version is there', where: path })),
        ],
        explanation: `${extension.feature} needs ${name}, which is not installed${moved ? '; the system has moved to another version' : ''}.`,
        mend: moved
          ? { tag: 'Rebuild' as const }
          : {
              tag: 'Library' as const,
              name,
              around: neededBy === own ? [] : [neededBy],
              orRebuild: neededBy === own && elsewhere.length > 0,
            },
      }
    })
}

/** Folders in which the file looks and that are of another machine: where it was built. */
function foldersElsewhere({ tree }: Workbench, { rpath, runpath }: ElfFile): string[] {
  const folders = [rpath, runpath].flatMap((path) => path?.split(':') ?? [])
  return folders.filter((folder) => folder.startsWith('/') && tree.realPath(folder) === null)
}

function lostLibrary(extension: Extension, name: string, evidence: readonly Evidence[], lost: LostLibrary): Observation {
  const { path } = lost
  return lost.tag === 'Damaged'
    ? {
        code: 'LIBRARY_DAMAGED',
        gem: extension.gem.name,
        evidence: [{ what: `is ${lost.why}`, where: path }, ...evidence],
        explanation: `${extension.feature} needs ${name}, which is there and can not be loaded: it is ${lost.why}.`,
        mend: { tag: 'Library', name, around: [path] },
      }
    : {
        code: 'LIBRARY_ABSENT',
        gem: extension.gem.name,
        evidence: [...evidence, { what: 'is it, and not linked under that name', where: path }],
        explanation: `${extension.feature} needs ${name}, which is there as ${path}, where the loader does not look for it.`,
        mend: { tag: 'Relink' },
      }
}

/** A file, or a library that it brings along, wants versions of a library that the one installed lacks. */
export function oldLibraries(loader: Loader, extension: Extension, elf: ElfFile, { libraries }: Resolved): Observation[] {
  const mine = lackingVersions(elf, libraries).map((lacking) => ({
    code: 'LIBRARY_TOO_OLD' as const,
    gem: extension.gem.name,
    evidence: lackingEvidence(lacking, extension.path),
    explanation: `${extension.feature} was built with a newer ${lacking.name} than the one installed here.`,
    mend: { tag: 'Rebuild' as const },
  }))
  const brought = lackingVersionsOf(libraries)
    .filter(({ library }) => !loader.hasLoaded(library))
    .map(({ library, lacking }) => ({
      code: 'LIBRARY_TOO_OLD' as const,
      gem: extension.gem.name,
      evidence: lackingEvidence(lacking, library.path),
      explanation: `${extension.feature} needs ${library.path}, which was built with a newer ${lacking.name} than the one installed here.`,
      mend: { tag: 'Library' as const, name: posix.basename(library.path), around: [library.path, lacking.path] },
    }))
  return [...mine, ...brought]
}
