import { runProbe, type ProbePlan, type ProbeRun } from './run-probe.ts'

export type LoadProblem =
  | { readonly tag: 'Refused'; readonly file: string; readonly error: string; readonly message: string }
  /** `after`: it dies only when these were loaded before. */
  | {
      readonly tag: 'Crashed'
      readonly file: string | null
      readonly how: string
      readonly report: string
      readonly after: readonly string[]
    }
  | { readonly tag: 'Hung'; readonly file: string | null }
  | { readonly tag: 'NotRun'; readonly why: string }

/** A bundle with more than so many killers is told so far. */
const maxDeaths = 10

/**
 * Loads all files in one process. If it dies, the guilty file is found (alone, else with what came before it) and left out,
 * and the rest is loaded anew, until a process comes through.
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
  if (run.end.tag === 'Hung') return { tag: 'Hung', file: run.end.file === null ? null : (files[run.end.file] ?? null) }
  const how = run.end.tag === 'Died' ? run.end.how : ''
  const report = crashLine(run.stderr)
  const last = run.end.tag === 'Died' ? run.end.file : null
  if (last === null) {
    const file = await findAlone(plan, files)
    return { tag: 'Crashed', file, how, report, after: [] }
  }
  const suspect = files[last] ?? null
  if (suspect === null) return { tag: 'Crashed', file: null, how, report, after: [] }
  const after = (await dies(plan, [suspect])) ? [] : await findPartner(plan, files.slice(0, last), suspect)
  return { tag: 'Crashed', file: suspect, how, report, after }
}

/** The smallest tail of a halving search that still kills `suspect`; all of `before` when no half does alone. */
async function findPartner(plan: ProbePlan, before: readonly string[], suspect: string): Promise<readonly string[]> {
  let partners = before
  while (partners.length > 1) {
    const middle = Math.ceil(partners.length / 2)
    const halves = [partners.slice(0, middle), partners.slice(middle)]
    const guilty = (await dies(plan, [...(halves[0] ?? []), suspect]))
      ? halves[0]
      : (await dies(plan, [...(halves[1] ?? []), suspect]))
        ? halves[1]
        : null
    if (guilty === null || guilty === undefined) return partners
    partners = guilty
  }
  return partners
}

/** For a death after the last load: the file that dies so alone, by halves. */
async function findAlone(plan: ProbePlan, files: readonly string[]): Promise<string | null> {
  if (files.length === 1) return files[0] ?? null
  const middle = Math.ceil(files.length / 2)
  for (const half of [files.slice(0, middle), files.slice(middle)]) if (await dies(plan, half)) return findAlone(plan, half)
  return null
}

async function dies(plan: ProbePlan, files: readonly string[]): Promise<boolean> {
  return (await runProbe({ ...plan, files })).end.tag === 'Died'
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
    const counts = error === 'NoMemoryError' || (error === 'LoadError' && !message.startsWith('cannot load such file'))
    return counts ? [{ tag: 'Refused' as const, file, error, message }] : []
  })
}

function crashLine(stderr: string): string {
  const lines = stderr.split('\n')
  const line =
    lines.find((each) => /\[BUG\]|symbol lookup error|free\(\)|malloc|terminate called|Assertion/.test(each)) ??
    lines.find((each) => each.trim() !== '')
  return (line ?? '').slice(0, 300)
}
