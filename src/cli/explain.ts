import { constants } from 'node:os'
import { InvalidArgumentError, type Command } from 'commander'
import type { ExitStatus } from '../events/workers.ts'
import type { ExplainFlags } from './explain-flags.ts'

/** `bezel explain [FILE…]`: what crashed, who is to blame, how sure, what to type. */
export function registerExplain(program: Command): void {
  program
    .command('explain')
    .description('read any Ruby crash report or container log, and name the culprit')
    .argument(
      '[FILE...]',
      'logs or reports, plain or compressed; of a folder all at any depth, and only those that tell of a crash are shown; - or nothing: standard input',
    )
    .option('--app <DIR>', 'the app that crashed: what its compiled files tell joins the evidence')
    .option('--exit-status <STATUS>', 'how the process ended: a number, or a signal such as SIGKILL', toExitStatus)
    .option('--group', 'list every death, grouped by fingerprint: how often, first, last')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nPrints no credential, environment value or query string that stands in the log.' +
        '\n\nExamples:\n  bezel explain crash.log\n  docker logs web 2>&1 | bezel explain\n  bezel explain --group /var/log/puma\n  bezel explain --app . --exit-status 139 stderr.log.gz',
    )
    .action(async (files: readonly string[], flags: ExplainFlags) => {
      const { runExplain } = await import('./explain-run.ts')
      await runExplain(files, flags)
    })
}

function toExitStatus(text: string): ExitStatus {
  if (/^\d{1,3}$/.test(text) && Number(text) < 256) return { code: Number(text), signal: null }
  const name = `SIG${text.toUpperCase().replace(/^SIG/, '')}`
  if (!Object.hasOwn(constants.signals, name))
    throw new InvalidArgumentError('Wanted is a number from 0 to 255, or a signal such as SIGKILL.')
  return { code: null, signal: name }
}
