import type { Finding } from '../validation-report.ts'
import { isCommand } from './command-line.ts'

export interface Plan {
  /** To be run one after the other, each once. */
  readonly commands: readonly string[]
  /** Sentences that only a person can follow. */
  readonly byHand: readonly string[]
}

const packageManagers = /^(?:sudo |su -c ')?(?:apt-get|apk|dnf|brew) /

/** What mends several findings together: the system's packages first, for gems are compiled against them. */
export function toPlan(findings: readonly Finding[]): Plan {
  const lines = findings.flatMap(({ remedy }) => remedy)
  // A command that several findings need (`bundle install`) runs when all that must come before it has run.
  const commands = lines.filter((line, index) => isCommand(line) && lines.lastIndexOf(line) === index)
  return {
    commands: [...commands.filter((line) => packageManagers.test(line)), ...commands.filter((line) => !packageManagers.test(line))],
    byHand: [...new Set(lines.filter((line) => !isCommand(line)))],
  }
}
