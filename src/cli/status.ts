import type { Command } from 'commander'
import type { CommandContext } from './create-program.ts'

/** `bezel status`: how the bezel that holds up this app is. Ends with 0, or 69 when none runs. */
export function registerStatus(program: Command, _context: CommandContext): void {
  program
    .command('status')
    .description('show how the running bezel of this app is')
    .option('--app <DIR>', "the app's folder", '.')
    .option('--json', 'print JSON, as /status answers it')
    .addHelpText('after', '\nExamples:\n  bezel status\n  bezel status --json | jq .workers')
    .action(async ({ app, json = false }: { app: string; json?: boolean }) => {
      const { askKeeper } = await import('./ask-keeper.ts')
      const { formatStatus } = await import('./format-status.ts')
      const { print, printJson, wantsColour } = await import('./stdout.ts')
      const status = await askKeeper(app, '/status')
      if (json) printJson(status)
      else print(formatStatus(status, wantsColour(process.stdout, process.env)))
    })
}
