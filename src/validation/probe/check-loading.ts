import type { Inspection } from '../inspect-bundle.ts'
import type { InspectedGem } from '../inspect-gems.ts'
import type { LoadFailureLine } from '../../formats/crash-report/load-failure-line.ts'
import type { Mend, Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { probeExtensions, type LoadProblem } from './probe-extensions.ts'
import type { ProbePlan } from './run-probe.ts'

type Limits = Pick<ProbePlan, 'env' | 'timeoutMs' | 'memoryMb' | 'cpuSeconds' | 'signal'>

/** Loads the app's extensions twice: as the app would, and with every symbol bound at once (a missing one ends the process at its first call). */
export async function checkLoading({ gems, all }: Inspection, runtime: Runtime, limits: Limits): Promise<Observation[]> {
  // What is known to be refused needs no proof, and would only hide the others' answers.
  const files = gems.filter(({ verdict }) => verdict !== 'incompatible').flatMap(({ extensions }) => extensions.map(({ path }) => path))
  if (files.length === 0) return []
  const loadPath = [...all.values()].flatMap(({ requireFolders }) => requireFolders)
  const plan = { ...limits, ruby: runtime.rubyPath, files, loadPath }
  const [usual, bound] = await Promise.all([probeExtensions({ ...plan, bindNow: false }), probeExtensions({ ...plan, bindNow: true })])
  const known = new Set(usual.map(fileOf))
  return [
    ...usual.map((problem) => toObservation(problem, gems, limits)),
    ...bound.flatMap((problem) => (problem.tag === 'Refused' && !known.has(problem.file) ? incomplete(problem, gems) : [])),
  ]
}

function fileOf(problem: LoadProblem): string | null {
  return problem.tag === 'NotRun' ? null : problem.file
}

function gemOf(file: string | null, gems: readonly InspectedGem[]): string | null {
  return gems.find(({ extensions }) => extensions.some(({ path }) => path === file))?.gem.name ?? null
}

function toObservation(problem: LoadProblem, gems: readonly InspectedGem[], { timeoutMs, cpuSeconds }: Limits): Observation {
  const file = fileOf(problem)
  const gem = gemOf(file, gems)
  const where = file ?? 'load probe'
  switch (problem.tag) {
    case 'Refused':
      return {
        code: 'LOAD_REFUSED',
        gem,
        evidence: [{ what: `${problem.error}: ${problem.message}`, where }],
        explanation: `${gem ?? where} can not be loaded: ${problem.message}`,
        mend: mendOf(problem.failure),
      }
    case 'Crashed': {
      const { how, words, after, atExit } = problem
      return {
        code: atExit ? 'EXIT_CRASHED' : 'LOAD_CRASHED',
        gem,
        evidence: [
          { what: [how, words?.message, words?.site].filter((part) => part !== null && part !== undefined).join(': '), where },
          ...after.map((other) => ({ what: 'dies only when this was loaded before', where: other })),
        ],
        explanation: `A Ruby process that loaded ${gem ?? 'the extensions'}${partners(after, gems)} died${atExit ? ' when it ended' : ''} (${how}).`,
        mend: { tag: 'Rebuild' },
      }
    }
    case 'Hung': {
      const [what, limit] =
        problem.spent === 'time' ? ['no answer', `${timeoutMs / 1000} s`] : ['still busy', `${cpuSeconds} s of processor time`]
      return {
        code: 'LOAD_HUNG',
        gem,
        evidence: [{ what: `${what} within ${limit}`, where }],
        explanation: `A Ruby process that loaded ${gem ?? 'the extensions'} did not come back within ${limit}.`,
        mend: { tag: 'Rebuild' },
      }
    }
    case 'NotRun':
      return {
        code: 'PROBE_FAILED',
        gem: null,
        evidence: [{ what: problem.why, where }],
        explanation: `The load probe could not run: ${problem.why}`,
        mend: { tag: 'Say', lines: [] },
      }
  }
}

function mendOf(failure: LoadFailureLine | null): Mend {
  if (failure?.why === 'library-missing' && failure.subject !== null) return { tag: 'Library', name: failure.subject }
  return { tag: 'Rebuild' }
}

function partners(after: readonly string[], gems: readonly InspectedGem[]): string {
  const names = [...new Set(after.map((file) => gemOf(file, gems) ?? file))]
  return names.length === 0 ? '' : ` after ${names.join(', ')}`
}

function incomplete({ file, message, failure }: LoadProblem & { tag: 'Refused' }, gems: readonly InspectedGem[]): Observation[] {
  // A library further down may lack a symbol that nobody calls; the extension itself was compiled to call it.
  if (failure?.why !== 'undefined-symbol' || (failure.file !== file && !message.startsWith(`${file}: `))) return []
  const gem = gemOf(file, gems)
  return [
    {
      code: 'BINDING_INCOMPLETE',
      gem,
      evidence: [{ what: `LD_BIND_NOW=1: ${message}`, where: file }],
      explanation: `${gem ?? file} loads, and would end the process when it first calls what is missing.`,
      mend: { tag: 'Rebuild' },
    },
  ]
}
