import { Option, type Command } from 'commander'
import type { CommandContext } from './create-program.ts'

/** `bezel guard`: validates each native extension right after RubyGems or Bundler has built it. */
export function registerGuard(program: Command, context: CommandContext): void {
  program
    .command('guard')
    .description('have each compiled gem validated right after it is built, and bad ones refused')
    .usage('install|uninstall [--scope SCOPE] | -- COMMAND')
    .argument('[ACTION]', 'install, uninstall, or nothing before -- COMMAND')
    .addOption(
      new Option('--scope <SCOPE>', "where: the app's own gem folder, or the user's").choices(['project', 'user']).default('project'),
    )
    .option('--app <DIR>', "the app's folder", '.')
    .addHelpText(
      'after',
      '\nExamples:\n  bezel guard -- bundle install\n  bezel guard install\n  bezel guard install --scope user\n  bezel guard uninstall',
    )
    .action(async (action: string | undefined, { scope, app }: { scope: 'project' | 'user'; app: string }) => {
      const { runGuard } = await import('./guard-run.ts')
      context.end(await runGuard(action ?? null, context.command, scope, app))
    })
}
