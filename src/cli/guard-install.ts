import { existsSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { BezelError } from '../errors.ts'
import { makeFolder } from '../system/make-folder.ts'
import { findGuardPlace, loadsGuard, type GuardScope } from '../validation/runtime/guard-place.ts'
import { print } from './stdout.ts'
import { ownFile } from '../own-files.ts'

/** Where RubyGems finds the hook by itself, when it is on Ruby's load path. */
export const pluginFolder = ownFile('ruby/guard')
const pluginName = 'bezel_guard_plugin.rb'
/** What was made for the plugin goes with it. */
const foldersLine = 'Folders made for it: '

/** Puts the hook into a gem folder. Throws `BezelError` `TOOL_NOT_FOUND` where RubyGems would not load it from there. */
export async function installGuard(scope: GuardScope, app: string): Promise<number> {
  const { folder, ruby } = await findGuardPlace(resolve(app), scope, process.env)
  const file = pluginFile(folder)
  const made = existsSync(file) ? foldersMadeFor(file) : countMissing(dirname(file))
  // The app may run as another user than the one who types this.
  makeFolder(dirname(file), 0o755)
  writeFileSync(file, pluginText(join(pluginFolder, 'rubygems_plugin.rb'), made))
  if (!(await loadsGuard(ruby, scope === 'project' ? folder : null, process.env))) {
    removePlugin(file)
    throw new BezelError('TOOL_NOT_FOUND', `The RubyGems of ${ruby} loads no plugin from ${folder}, so nothing was put there.`, {
      remedy: ['bezel guard -- bundle install', 'RubyGems from 3.2 on loads the plugins of a gem folder.'],
    })
  }
  print(`guarded: every extension built into ${folder} is validated (${file})`)
  return 0
}

export async function uninstallGuard(scope: GuardScope, app: string): Promise<number> {
  const file = pluginFile((await findGuardPlace(resolve(app), scope, process.env)).folder)
  print(removePlugin(file) ? `removed ${file}` : `nothing to remove: ${file} is not there`)
  return 0
}

function pluginFile(folder: string): string {
  return join(folder, 'plugins', pluginName)
}

/** A bezel that was removed guards nothing any more, and whoever installs must not take it for a guard. */
function pluginText(plugin: string, made: number): string {
  return `# frozen_string_literal: true

# Made by "bezel guard install", removed by "bezel guard uninstall". ${foldersLine}${made}
plugin = ${JSON.stringify(plugin).replaceAll('#', '\\#')}
if File.exist?(plugin)
  load plugin
else
  Gem.post_build do |installer|
    lost = "bezel guard: #{plugin} is gone, so #{installer.spec.full_name} was not validated; #{__FILE__} is left of the guard."
    $stderr.puts lost unless installer.spec.extensions.empty?
    true
  end
end
`
}

/** Whether it was there. */
function removePlugin(file: string): boolean {
  if (!existsSync(file)) return false
  const made = foldersMadeFor(file)
  rmSync(file, { force: true })
  removeEmpty(dirname(file), made)
  return true
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
