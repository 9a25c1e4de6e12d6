import { cachePath } from '../libraries/loader-folders.ts'
import { posix } from 'node:path'
import type { Mend, Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Evidence } from '../validation-report.ts'
import { findLostLibrary } from './find-lost-library.ts'
import { lackingEvidence, lackingVersionsOf } from './lacking-versions.ts'
import type { Workbench } from './workbench.ts'

/** Whether the loader's cache tells where libraries are: without it, the loader looks only where it was built to. */
export function checkLoaderCache({ tree, linked }: Workbench): Observation[] {
  const trouble = linked?.loader.cacheTrouble ?? null
  if (trouble === null) return []
  const where = tree.shown(cachePath)
  return [
    {
      code: 'FILE_UNREADABLE',
      gem: null,
      evidence: [{ what: trouble, where }],
      explanation: `${where} can not be understood (${trouble}): the loader goes on without it.`,
      mend: { tag: 'Relink' },
    },
  ]
}

/** Whether the loader could start Ruby itself: its own loader, and every library that it needs. */
export function checkInterpreter(bench: Workbench): Observation[] {
  const { tree, linked } = bench
  if (linked === null) return []
  const { ruby, loader } = linked
  const { interpreter } = ruby.elf
  if (interpreter !== null && tree.realPath(interpreter) === null) {
    const evidence = [{ what: `its loader ${interpreter} does not exist`, where: ruby.path }]
    return [broken(ruby.path, evidence, `it is built for a system with ${interpreter}, which is not there`, anotherRuby)]
  }
  const { absent, libraries } = loader.closure(ruby)
  if (absent.length > 0) return absent.map(({ name, neededBy }) => lacksLibrary(bench, ruby.path, name, neededBy))
  return lackingVersionsOf([ruby, ...libraries]).map(({ library, lacking }) => {
    const mend: Mend =
      library === ruby ? { tag: 'Reinstall' } : { tag: 'Library', name: posix.basename(library.path), around: [library.path, lacking.path] }
    const why = `${library.path} was built with a newer ${lacking.name} than the one installed here`
    return broken(ruby.path, lackingEvidence(lacking, library.path), why, mend)
  })
}

const anotherRuby: Mend = { tag: 'Say', lines: ['Install a Ruby that is built for this system.'] }

function broken(ruby: string, evidence: readonly Evidence[], why: string, mend: Mend): Observation {
  return { code: 'RUBY_BROKEN', gem: null, evidence, explanation: `${ruby} can not start: ${why}.`, mend }
}

function lacksLibrary(bench: Workbench, ruby: string, name: string, neededBy: string): Observation {
  const evidence = [{ what: `DT_NEEDED ${name}, found in none of the loader's folders`, where: neededBy }]
  const lost = findLostLibrary(bench, name)
  const install: Mend = { tag: 'Library', name, around: neededBy === ruby ? [] : [neededBy] }
  switch (lost?.tag) {
    case undefined:
      return broken(ruby, evidence, `${name} is not installed`, install)
    case 'Unlinked':
      return broken(ruby, [...evidence, { what: 'is it, and not linked under that name', where: lost.path }], `${name} is not linked`, {
        tag: 'Relink',
      })
    case 'Damaged':
      return broken(ruby, [{ what: `is ${lost.why}`, where: lost.path }, ...evidence], `${name} is ${lost.why}`, install)
  }
}

/** Whether Ruby finds its own standard library: one that was moved needs RUBYLIB for that, which no file tells. */
export function checkPrefix({ rubyPath, movedFrom }: Runtime): Observation[] {
  if (movedFrom === null) return []
  return [
    {
      code: 'RUBY_MOVED',
      gem: null,
      evidence: [{ what: `built for ${movedFrom}, where no standard library is`, where: rubyPath }],
      explanation: `${rubyPath} was built for ${movedFrom} and moved: without RUBYLIB it finds not even RubyGems.`,
      mend: { tag: 'Say', lines: [`Put Ruby back to ${movedFrom}, or build it with --enable-load-relative.`] },
    },
  ]
}
