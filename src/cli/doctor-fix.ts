import { createInterface } from 'node:readline/promises'
import { BezelError } from '../errors.ts'
import { toPlan } from '../validation/remedies/to-plan.ts'
import type { Finding, ValidationReport } from '../validation/validation-report.ts'
import { runPlan, type PlanEnd } from './run-plan.ts'

export interface FixAround {
  readonly appPath: string
  /** `--yes`: nobody is asked. */
  readonly yes: boolean
  /** Whether somebody could answer. */
  readonly isTerminal: boolean
  readonly say: (text: string) => void
  readonly envNow: () => Promise<Readonly<Record<string, string>>>
  readonly validate: () => Promise<ValidationReport>
}

export interface Fixed {
  /** The newest report. */
  readonly report: ValidationReport
  /** The signal that ended it midway. */
  readonly interruptedBy: NodeJS.Signals | null
}

/** Shows the plan, asks, runs it in the app's folder, validates again and says what is left. Throws `BezelError` `COMMAND_LINE_WRONG` when nobody can be asked. */
export async function fix(report: ValidationReport, around: FixAround): Promise<Fixed> {
  const { say, appPath } = around
  const { commands, byHand } = toPlan(report.findings.filter(isToBeMended))
  if (byHand.length > 0) say(['By hand:', ...byHand.map((line) => `  ${line}`)].join('\n'))
  if (commands.length === 0) {
    say(report.findings.some(isToBeMended) ? 'There is nothing that bezel could run to mend it.' : 'There is nothing to mend.')
    return { report, interruptedBy: null }
  }
  say([`To be run in ${appPath}:`, ...commands.map((line) => `  ${line}`)].join('\n'))
  if (!around.yes && !(await agrees(around))) {
    say('Nothing was run.')
    return { report, interruptedBy: null }
  }
  const end = await runPlan(commands, appPath, around.envNow, say)
  if (end.tag !== 'Done') say(describeEnd(end))
  if (end.tag === 'Interrupted') return { report, interruptedBy: end.by }
  const after = await around.validate()
  say(describeLeft(after))
  return { report: after, interruptedBy: null }
}

/** Errors, and gems that are only missing: without them there is no verdict. */
function isToBeMended({ severity, code }: Finding): boolean {
  return severity === 'error' || code === 'GEM_ABSENT' || code === 'GEMSPEC_UNREADABLE'
}

async function agrees({ isTerminal }: FixAround): Promise<boolean> {
  if (!isTerminal)
    throw new BezelError('COMMAND_LINE_WRONG', 'Nobody is there to ask, so nothing was run: --fix without a terminal needs --yes.')
  const line = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C and Ctrl-D leave a question without an answer.
  const closed = new Promise<string>((resolve) => line.once('close', () => resolve('')))
  line.once('SIGINT', () => line.close())
  const answer = await Promise.race([line.question('Run this? [y/N] '), closed])
  line.close()
  if (answer === '') process.stderr.write('\n')
  return /^y(?:es)?$/i.test(answer.trim())
}

function describeEnd(end: Exclude<PlanEnd, { tag: 'Done' }>): string {
  const why = end.tag === 'Interrupted' ? `was stopped by ${end.by}` : `failed (${end.how})`
  const rest = end.rest.length === 0 ? [] : ['Not run:', ...end.rest.map((line) => `  ${line}`)]
  return [`\n"${end.command}" ${why}.`, ...rest, ...(end.tag === 'Interrupted' ? ['"bezel doctor" tells what is left.'] : [])].join('\n')
}

function describeLeft({ verdict, findings }: ValidationReport): string {
  const left = findings.filter(isToBeMended)
  if (left.length === 0) return `\nMended: ${verdict}.`
  return ['\nLeft:', ...left.map(({ gem, explanation, code }) => `  ${gem === null ? '' : `${gem}: `}${explanation} ${code}`)].join('\n')
}
