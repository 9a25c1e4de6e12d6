import { readLoadFailureLine, type LoadFailureLine } from '../../formats/crash-report/load-failure-line.ts'
import { readLastWords, type LastWords } from './read-last-words.ts'
import type { ProbeRun } from './read-probe.ts'
import { runProbe, type ProbePlan } from './run-probe.ts'

export type LoadProblem =
  | {
      readonly tag: 'Refused'
      readonly file: string
      readonly error: string
      readonly message: string
      /** What the loader's message means; null: it is of no known form. */
      readonly failure: LoadFailureLine | null
    }
  | {
      readonly tag: 'Crashed'
      /** Null: what died does not do so again. */
      readonly file: string | null
      /** All were loaded, and it died while it ended. */
      readonly atExit: boolean
      readonly how: string
      readonly words: LastWords | null
      /** It dies only when these were loaded before. */
      readonly after: readonly string[]
    }
  | { readonly tag: 'Hung'; readonly file: string | null; readonly spent: 'time' | 'processor' }
  | { readonly tag: 'NotRun'; readonly why: string }

/** A bundle with more than so many killers is told so far. */
const maxDeaths = 10

/**
 * Loads all files in one process. If it dies, at a load or at its end, the guilty file is found (alone, else with what came before
 * it) and left out, and the rest is loaded anew, until a process comes through.
 */
export async function probeExtensions(plan: ProbePlan): Promise<LoadProblem[]> {
  const problems: LoadProblem[] = []
  let files = [...plan.files]
  for (let deaths = 0; files.length > 0 && deaths < maxDeaths; deaths += 1) {
    const run = await runProbe({ ...plan, files })
    if (run.end.tag === 'NotStarted') return [...problems, { tag: 'NotRun', why: run.end.why }]
    if (run.end.tag === 'Finished') return [...problems, ...refusals(files, run)]
    const blamed = await blame(plan, files, run)
    problems.push(blamed)
    if (!('file' in blamed) || blamed.file === null) return [...problems, ...refusals(files, run)]
    files = files.filter((file) => file !== blamed.file)
  }
  return problems
}

async function blame(plan: ProbePlan, files: readonly string[], run: ProbeRun): Promise<LoadProblem> {
  const { end, stderr } = run
  if (end.tag === 'Hung') return { tag: 'Hung', file: end.file === null ? null : (files[end.file] ?? null), spent: end.spent }
  const [how, atExit] = end.tag === 'Died' ? [end.how, end.atExit] : ['', false]
  const words = readLastWords(stderr, files)
  const dies: Dies = async (some) => {
    const again = (await runProbe({ ...plan, files: some })).end
    return again.tag === 'Died' && again.atExit === atExit
  }
  const last = end.tag === 'Died' && end.file !== null ? end.file : await findLast(files, dies)
  const suspect = last === null ? undefined : files[last]
  if (last === null || suspect === undefined) return { tag: 'Crashed', file: null, atExit, how, words, after: [] }
  if (await dies([suspect])) return { tag: 'Crashed', file: suspect, atExit, how, words, after: [] }
  const before = files.slice(0, last)
  if (before.length > 0 && (await dies([...before, suspect])))
    return { tag: 'Crashed', file: suspect, atExit, how, words, after: await findPartner(before, suspect, dies) }
  // The kernel short of memory, or a person, ends a process once; an extension does so again.
  if (isFromOutside(how)) return { tag: 'NotRun', why: `the process was ended from outside (${how})` }
  return { tag: 'Crashed', file: null, atExit, how, words, after: [] }
}

function isFromOutside(how: string): boolean {
  return ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'].includes(how)
}

/** Whether a process that loads these dies in the same way: at a load, or at its end. */
type Dies = (files: readonly string[]) => Promise<boolean>

/** The smallest tail of a halving search that still kills `suspect`; all of `before` when no half does alone. */
async function findPartner(before: readonly string[], suspect: string, dies: Dies): Promise<readonly string[]> {
  let partners = before
  while (partners.length > 1) {
    const middle = Math.ceil(partners.length / 2)
    const [one, other] = [partners.slice(0, middle), partners.slice(middle)]
    if (await dies([...one, suspect])) partners = one
    else if (await dies([...other, suspect])) partners = other
    else return partners
  }
  return partners
}

/** For a death after the last load: the place of the file without which it does not come, by halves. Null: it does not come again. */
async function findLast(files: readonly string[], dies: Dies): Promise<number | null> {
  if (!(await dies(files))) return null
  let [alive, dead] = [0, files.length]
  while (dead - alive > 1) {
    const middle = Math.floor((alive + dead) / 2)
    if (await dies(files.slice(0, middle))) dead = middle
    else alive = middle
  }
  return dead - 1
}

/**
 * Only what the loader or Ruby's own check says against the file counts. Other errors come from loading it outside its gem
 * (a constant that a Ruby file would have defined), and prove nothing.
 */
function refusals(files: readonly string[], run: ProbeRun): LoadProblem[] {
  return run.outcomes.flatMap((outcome, index) => {
    const file = files[index]
    if (outcome.tag !== 'Raised' || file === undefined) return []
    const { error, message } = outcome
    const failure = readLoadFailureLine(message)
    const counts = error === 'NoMemoryError' || (error === 'LoadError' && failure?.why !== 'no-such-file')
    return counts ? [{ tag: 'Refused' as const, file, error, message, failure }] : []
  })
}
