import type { Observation } from '../observation.ts'
import { lackingEvidence, lackingVersionsOf } from './lacking-versions.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Workbench } from './workbench.ts'

/** Whether the loader could start Ruby itself: its own loader, and every library that it needs. */
export function checkInterpreter({ tree, linked }: Workbench): Observation[] {
  if (linked === null) return []
  const { ruby, loader } = linked
  const { interpreter } = ruby.elf
  if (interpreter !== null && tree.realPath(interpreter) === null)
    return [
      {
        code: 'RUBY_BROKEN',
        gem: null,
        evidence: [{ what: `its loader ${interpreter} does not exist`, where: ruby.path }],
        explanation: `${ruby.path} can not start: it is built for a system with ${interpreter}, which is not there.`,
        mend: { tag: 'Say', lines: ['Install a Ruby that is built for this system.'] },
      },
    ]
  const { absent, libraries } = loader.closure(ruby)
  if (absent.length > 0)
    return absent.map(({ name, neededBy }) => ({
      code: 'RUBY_BROKEN' as const,
      gem: null,
      evidence: [{ what: `DT_NEEDED ${name}, found in none of the loader's folders`, where: neededBy }],
      explanation: `${ruby.path} can not start: ${name} is not installed.`,
      mend: { tag: 'Library' as const, name },
    }))
  return lackingVersionsOf([ruby, ...libraries]).map(({ library, lacking }) => ({
    code: 'RUBY_BROKEN' as const,
    gem: null,
    evidence: lackingEvidence(lacking, library.path),
    explanation: `${ruby.path} can not start: ${library.path} was built with a newer ${lacking.name} than the one installed here.`,
    mend: { tag: 'Say' as const, lines: ['Install a Ruby that is built for this system.'] },
  }))
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
