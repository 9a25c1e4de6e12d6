import type { Extension, GemExtensions } from '../gems/extension.ts'
import type { Observation } from '../observation.ts'
import { withElf } from '../libraries/with-elf.ts'
import { readClaims } from './read-claims.ts'
import { compareFiles } from './same-build.ts'
import type { Workbench } from './workbench.ts'

/** Whether two smaller files are equal is told sooner than what one of them says of itself. */
const maxComparedBytes = 512 * 1024

/** Second copies that are not loaded: worth a note when they differ, or are for another Ruby. */
export function judgeShadowed(bench: Workbench, { gem, loaded, shadowed }: GemExtensions): Observation[] {
  return shadowed.flatMap((copy): Observation[] => {
    const first = loaded.find(({ feature }) => feature === copy.feature)
    if (first === undefined) return []
    const { sizes, areEqual } = compareFiles(bench.tree, first.path, copy.path, maxComparedBytes)
    if (areEqual) return []
    const wrong = wrongMinor(bench, copy)
    if (wrong === null && sizes[0] === sizes[1]) return []
    const [loadedIs, copyIs] = sizes.map((size) => (size === null ? 'can not be opened' : `${size} bytes`))
    return [
      {
        code: wrong === null ? 'COPIES_DIFFER' : 'SHADOWED_COPY_WRONG',
        gem: gem.name,
        evidence: [
          { what: `${loadedIs}, loaded`, where: first.path },
          { what: `${copyIs}, not loaded${wrong === null ? '' : `; ${wrong}`}`, where: copy.path },
        ],
        explanation: `${gem.name} has two different copies of ${copy.feature}; ${first.path} is the one that is loaded.`,
        mend: { tag: 'Rebuild' },
      },
    ]
  })
}

function wrongMinor({ tree, runtime }: Workbench, copy: Extension): string | null {
  const claims = withElf(tree, copy.path, (elf) => readClaims(copy, elf)) ?? []
  const claim = claims.find(({ minor, by }) => by !== 'place' && minor !== runtime.minor)
  return claim === undefined ? null : `${claim.what} (Ruby ${claim.minor})`
}
