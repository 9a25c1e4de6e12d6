import { CommanderError } from 'commander'
import { commands } from './commands.ts'
import { createProgram } from './create-program.ts'
import { reportError } from './report-error.ts'
import { flushOutput, guardOutput } from './stdout.ts'

/** Runs one command line and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  guardOutput()
  const exitCode = await run(argv)
  await flushOutput()
  process.exit(exitCode)
}

async function run(argv: readonly string[]): Promise<number> {
  let exitCode = 0
  let onFault = (error: unknown): void => process.exit(reportError(error))
  process.on('uncaughtException', (error) => onFault(error))
  try {
    // What stands behind "--" is an app's command: none of its words are ours.
    const dashes = argv.indexOf('--')
    const own = dashes === -1 ? argv : argv.slice(0, dashes)
    const program = await createProgram(commands, own, {
      command: dashes === -1 ? null : argv.slice(dashes + 1),
      end: (code) => {
        exitCode = code
      },
      onFault: (handle) => {
        onFault = handle
      },
    })
    await program.parseAsync([...own], { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has printed its own: 0 for help and version, else a wrong command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64
    return reportError(error)
  }
}
