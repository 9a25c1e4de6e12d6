import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline/promises'
import { BezelError } from '../errors.ts'
import type { ValidationReport } from '../validation/validation-report.ts'
import { print } from './stdout.ts'

/** Words that begin a command; other remedies are sentences for a person. */
const commands = /^(?:bundle|gem|rm|apt-get|apk|dnf|brew|rbenv|asdf|mise) /

/** Shows the plan, asks, runs it in the app's folder, validates again and says what is left. Answers the last report. */
export async function fix(
  report: ValidationReport,
  appPath: string,
  yes: boolean,
  validate: () => Promise<ValidationReport>,
): Promise<ValidationReport> {
  const wanted = [...new Set(report.findings.filter(({ severity }) => severity === 'error').flatMap(({ remedy }) => remedy))]
  const plan = wanted.filter((line) => commands.test(line))
  for (const line of wanted.filter((each) => !commands.test(each))) print(`by hand: ${line}`)
  if (plan.length === 0) {
    print(report.verdict === 'incompatible' ? 'There is nothing that bezel could run to mend it.' : 'There is nothing to mend.')
    return report
  }
  print(`In ${appPath}:\n${plan.map((line) => `  ${line}`).join('\n')}`)
  if (!yes && !(await agrees())) return report
  for (const line of plan) {
    print(`\n$ ${line}`)
    const status = await run(line, appPath)
    if (status !== 0) {
      print(`"${line}" ended with ${status}; the rest was not run.`)
      break
    }
  }
  const after = await validate()
  const left = after.findings.filter(({ severity }) => severity === 'error')
  print(
    left.length === 0
      ? `\nMended: ${after.verdict}.`
      : `\nLeft: ${left.map(({ gem, explanation }) => `${gem === null ? '' : `${gem}: `}${explanation}`).join('\n')}`,
  )
  return after
}

async function agrees(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new BezelError('COMMAND_LINE_WRONG', 'Nobody is there to ask: --fix without a terminal needs --yes.')
  const line = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(?:es)?$/i.test((await line.question('Run this? [y/N] ')).trim())
  } finally {
    line.close()
  }
}

function run(line: string, cwd: string): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', line], { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'an unknown status'))
  })
}
