import { existsSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { BezelError } from '../errors.ts'
import type { CommandContext } from './create-program.ts'

/** `bezel guard`: validates each native extension right after RubyGems or Bundler has built it. */
export function registerGuard(program: Command, context: CommandContext): void {
  program
    .command('guard')
    .description('have each compiled gem validated right after it is built, and bad ones refused')
    .usage('install|uninstall [--scope SCOPE] | -- COMMAND')
    .argument('[ACTION...]', 'install, uninstall, or nothing before -- COMMAND')
    .addOption(
      new Option('--scope <SCOPE>', "where: the app's own gem folder, or the user's").choices(['project', 'user']).default('project'),
    )
    .option('--app <DIR>', "the app's folder", '.')
    .addHelpText(
      'after',
      '\nExamples:\n  bezel guard -- bundle install\n  bezel guard install\n  bezel guard install --scope user\n  bezel guard uninstall',
    )
    .action(async (words: readonly string[], { scope, app }: { scope: 'project' | 'user'; app: string }) => {
      const action = toAction(words, context.command)
      const { runGuard } = await import('./guard-run.ts')
      context.end(await runGuard(action, context.command, scope, app))
    })
}

const actions = ['install', 'uninstall', 'check']

/** What was typed before `--`; throws `BezelError` `COMMAND_LINE_WRONG` with what was probably meant. */
function toAction(words: readonly string[], command: readonly string[] | null): string | null {
  const [action, ...rest] = words
  const typed = words.join(' ')
  if (action === undefined) {
    const [only = '', ...others] = command ?? []
    if (others.length > 0 || !only.includes(' ') || existsSync(only)) return null
    throw wrong(`"${only}" is one word to the shell; a command is typed without the quotes.`, `bezel guard -- ${only}`)
  }
  if (!actions.includes(action) && rest.length === 0)
    throw wrong(`bezel guard knows no "${action}"; it knows install and uninstall, and a command behind "--".`, 'bezel guard install')
  if (!actions.includes(action)) throw wrong(`bezel guard takes a command only behind "--".`, `bezel guard -- ${typed}`)
  if (rest.length > 0) throw wrong(`bezel guard ${action} takes no "${rest.join(' ')}".`, `bezel guard ${action}`)
  if (command !== null) throw wrong(`bezel guard ${action} runs no command: it is one or the other.`, `bezel guard -- ${command.join(' ')}`)
  return action
}

function wrong(message: string, meant: string): BezelError {
  return new BezelError('COMMAND_LINE_WRONG', message, { remedy: [meant, 'bezel guard --help'] })
}
