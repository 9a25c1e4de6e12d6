import type { Command } from 'commander'
import type { CommandContext } from './create-program.ts'

/** How long the end of the log may take. */
const lastWordsMs = 1_000

/** `bezel run`: validates, starts the workers, opens the port, stays. */
export async function registerRun(program: Command, context: CommandContext): Promise<void> {
  const { addOptionFlags, toConfigSources } = await import('./option-flags.ts')
  addOptionFlags(program.command('run').description('hold up the app in this folder').usage('[options] [-- COMMAND]'))
    .addHelpText(
      'after',
      "\nExamples:\n  bezel run\n  bezel run --port 8080 --workers 4 --gateway off\n  bezel run -- bundle exec puma -b unix://{socket}\n  bezel run -- bundle exec rackup -p '$PORT'          each worker gets its own port; the quotes keep it from your shell\n\nSIGTERM and SIGINT drain and stop; a second one stops at once.\nSIGUSR1 replaces the workers one by one, SIGHUP opens log.file anew. docs/configuration.md tells more of each option.",
    )
    .action(async (_options: unknown, command: Command) => {
      const { loadConfig } = await import('../config/load-config.ts')
      const config = await loadConfig(toConfigSources(command, context))
      const { openLog } = await import('../keeper/log/open-log.ts')
      const { wantsColour } = await import('./stdout.ts')
      const log = openLog(config.log, wantsColour(process.stderr, process.env))
      // Printing would wait for a reader of standard error, and there may be none.
      const fail = async (error: unknown): Promise<never> => {
        log.failure(error)
        await log.close(lastWordsMs)
        process.exit(70)
      }
      context.onFault((error) => void fail(error))
      try {
        for (const notice of config.notices) log.message('warn', notice)
        const { runKeeper } = await import('../keeper/run.ts')
        context.end(await runKeeper(config, { log }))
      } catch (error) {
        log.failure(error)
        const { exitCodeOf } = await import('./report-error.ts')
        context.end(exitCodeOf(error))
      } finally {
        await log.close(lastWordsMs)
      }
    })
}
