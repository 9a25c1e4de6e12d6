import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BezelError } from '../errors.ts'
import { makeFolder } from '../system/make-folder.ts'
import { findGuardFolder } from '../validation/runtime/guard-folder.ts'
import { print } from './stdout.ts'

const pluginFolder = fileURLToPath(new URL('../../ruby/guard', import.meta.url))
const pluginName = 'bezel_guard_plugin.rb'
/** What was made for the plugin goes with it. */
const foldersLine = 'Folders made for it: '

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
      return install(scope, app)
    case 'uninstall':
      return uninstall(scope, app)
    case null:
    default:
      throw new BezelError('COMMAND_LINE_WRONG', 'bezel guard needs install, uninstall, or a command behind --.', {
        remedy: ['bezel guard -- bundle install'],
      })
  }
}

/** RubyGems loads `rubygems_plugin.rb` from Ruby's load path, whatever its version and gem folders. */
function runGuarded([file = '', ...args]: readonly string[]): Promise<number> {
  const inherited = process.env['RUBYLIB'] ?? ''
  const env = { ...process.env, RUBYLIB: inherited === '' ? pluginFolder : `${pluginFolder}:${inherited}` }
  return new Promise((resolveCode, reject) => {
    const child = spawn(file, args, { env, stdio: 'inherit' })
    child.on('error', () => reject(new BezelError('TOOL_NOT_FOUND', `There is no command ${file}.`)))
    child.on('close', (code, signal) => {
      if (code === 0) process.stderr.write('bezel guard: no build was refused.\n')
      resolveCode(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}

async function install(scope: 'project' | 'user', app: string): Promise<number> {
  const file = await pluginFile(scope, app)
  const made = existsSync(file) ? foldersMadeFor(file) : countMissing(dirname(file))
  // The app may run as another user than the one who types this.
  makeFolder(dirname(file), 0o755)
  writeFileSync(
    file,
    `# frozen_string_literal: true\n\n# Made by "bezel guard install", removed by "bezel guard uninstall". ${foldersLine}${made}\nplugin = ${JSON.stringify(join(pluginFolder, 'rubygems_plugin.rb')).replaceAll('#', '\\#')}\nload plugin if File.exist?(plugin)\n`,
  )
  print(`guarded: every extension built into ${dirname(dirname(file))} is validated (${file})`)
  return 0
}

async function uninstall(scope: 'project' | 'user', app: string): Promise<number> {
  const file = await pluginFile(scope, app)
  const there = existsSync(file)
  const made = there ? foldersMadeFor(file) : 0
  rmSync(file, { force: true })
  removeEmpty(dirname(file), made)
  print(there ? `removed ${file}` : `nothing to remove: ${file} is not there`)
  return 0
}

async function pluginFile(scope: 'project' | 'user', app: string): Promise<string> {
  return join(await findGuardFolder(resolve(app), scope, process.env), 'plugins', pluginName)
}

function countMissing(folder: string): number {
  return existsSync(folder) ? 0 : 1 + countMissing(dirname(folder))
}

function foldersMadeFor(file: string): number {
  return Number(new RegExp(`${foldersLine}(\\d+)`).exec(readFileSync(file, 'utf8'))?.[1] ?? 0)
}

/** The innermost `count` folders of a path, as far as they hold nothing. */
function removeEmpty(folder: string, count: number): void {
  if (count === 0) return
  try {
    rmdirSync(folder)
  } catch {
    // Something else lives there by now.
    return
  }
  removeEmpty(dirname(folder), count - 1)
}
