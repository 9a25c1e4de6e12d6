import { statSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { BezelError } from '../errors.ts'
import { DiskTree } from '../validation/files/disk-tree.ts'
import type { FileTree } from '../validation/files/file-tree.ts'
import { validationDefaults, type ValidationSettings } from '../validation/options.ts'
import { quoted } from '../validation/remedies/command-line.ts'
import type { DoctorFlags } from './doctor-flags.ts'
import { findApp } from './find-app.ts'

/** Null for what is not there or may not be looked at: whoever reads it says so. */
export function kindOfPath(path: string): 'file' | 'folder' | 'other' | null {
  try {
    const stats = statSync(path)
    return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other'
  } catch {
    return null
  }
}

/** What `bezel doctor` validates, by what was typed and by the app's own bezel.yml. Throws `BezelError`. */
export async function toDoctorSettings(app: string | undefined, flags: DoctorFlags): Promise<ValidationSettings> {
  return flags.root === undefined ? hereSettings(app, flags) : rootSettings(app, flags.root, flags)
}

function rootSettings(app: string | undefined, root: string, { ruby }: DoctorFlags): ValidationSettings {
  const folder = resolve(root)
  const kind = kindOfPath(folder)
  if (kind === 'file')
    throw new BezelError('DATA_UNREADABLE', `${folder} is a file; --root wants a folder: unpack it first.`, {
      remedy: [`mkdir root && tar -xf ${quoted(folder)} -C root`, 'bezel doctor --root root'],
    })
  if (kind !== 'folder') throw new BezelError('DATA_UNREADABLE', `There is no folder ${folder} to look into.`)
  const tree = new DiskTree(folder)
  return {
    ...validationDefaults,
    root: folder,
    appPath: app === undefined ? findApp(tree) : inside(tree, folder, app),
    env: {},
    rubyPath: ruby ?? null,
    probe: false,
  }
}

async function hereSettings(app: string | undefined, { ruby, probe }: DoctorFlags): Promise<ValidationSettings> {
  refuseRuby(ruby)
  const appPath = resolve(app ?? '.')
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const usual = { ...validationDefaults, appPath, env, rubyPath: ruby ?? null, probe }
  if (kindOfPath(join(appPath, 'bezel.yml')) === null) return usual
  const { loadOptions } = await import('../config/load-config.ts')
  const { values } = loadOptions({ appDir: appPath, configFile: null, flags: new Map(), command: null, env: process.env })
  return {
    ...usual,
    rubyPath: ruby ?? values['validation.ruby'],
    probe: probe && values['validation.probe'],
    probeTimeoutMs: values['validation.probe_timeout'],
    ignore: values.ignore,
  }
}

/** `--ruby` takes the interpreter itself: neither its folder nor its version. */
function refuseRuby(ruby: string | undefined): void {
  if (ruby === undefined) return
  if (/^\d[\d.]*$/.test(ruby))
    throw new BezelError('COMMAND_LINE_WRONG', `--ruby wants the path of an interpreter, not the version ${ruby}.`)
  if (kindOfPath(ruby) === 'folder')
    throw new BezelError('COMMAND_LINE_WRONG', `--ruby wants the interpreter itself; ${ruby} is a folder.`, {
      remedy: [`bezel doctor --ruby ${quoted(join(ruby, 'ruby'))}`],
    })
}

/** A path that was typed with the root in front is taken as meant. */
function inside(tree: FileTree, root: string, app: string): string {
  const path = posix.resolve('/', app)
  const typed = resolve(app)
  return tree.kind(path) === null && typed.startsWith(`${root}/`) ? typed.slice(root.length) : path
}
