import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { BezelError } from '../errors.ts'
import { installGuard, pluginFolder, uninstallGuard } from './guard-install.ts'

/** Answers the exit code. `action` is what was typed: `install`, `uninstall`, `check` (by the hook itself), or null before a command. */
export async function runGuard(
  action: string | null,
  command: readonly string[] | null,
  scope: 'project' | 'user',
  app: string,
): Promise<number> {
  if (command !== null && command.length > 0 && action === null) return runGuarded(command)
  switch (action) {
    case 'check': {
      const { checkBuild } = await import('./guard-check.ts')
      return checkBuild()
    }
    case 'install':
      return installGuard(scope, app)
    case 'uninstall':
      return uninstallGuard(scope, app)
    case null:
    default:
      throw new BezelError('COMMAND_LINE_WRONG', 'bezel guard needs install, uninstall, or a command behind --.', {
        remedy: ['bezel guard -- bundle install'],
      })
  }
}

/** Every Ruby below the command requires the hook: not every program that installs gems loads the plugins of RubyGems. */
function runGuarded([file = '', ...args]: readonly string[]): Promise<number> {
  const hook = join(pluginFolder, 'bezel_guard.rb')
  // RUBYOPT knows no quotes: a path with spaces is found by its name, on the load path.
  const option = /\s/.test(hook) ? '-rbezel_guard' : `-r${hook}`
  const env = {
    ...process.env,
    RUBYLIB: joined(':', pluginFolder, process.env['RUBYLIB']),
    RUBYOPT: joined(' ', process.env['RUBYOPT'], option),
  }
  return new Promise((resolveCode, reject) => {
    const child = spawn(file, args, { env, stdio: 'inherit' })
    child.on('error', () => reject(new BezelError('TOOL_NOT_FOUND', `There is no command ${file}.`)))
    child.on('close', (code, signal) => {
      if (code === 0) process.stderr.write('bezel guard: no build was refused.\n')
      resolveCode(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}

function joined(separator: string, ...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(separator)
}
