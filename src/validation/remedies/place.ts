import { accessSync, constants } from 'node:fs'
import { delimiter, posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { readOperatingSystem, type OperatingSystem } from './operating-system.ts'
import { managerOf, type RubyManager } from './ruby-manager.ts'

/** The place that a remedy must work in. */
export interface Place {
  readonly tree: FileTree
  readonly appPath: string
  /** The app has a Gemfile.lock, so Bundler installs its gems. */
  readonly bundled: boolean
  readonly system: OperatingSystem
  readonly runtime: Runtime
  readonly manager: RubyManager
  readonly typist: Typist
}

/** Assignments that the app's own start makes and that no shell has where the environment is lost; null where nothing needs one. */
export interface LostVariables {
  /** Where the app's own configuration of Bundler is. */
  readonly config: string | null
  /** Where the gems are. */
  readonly gems: string | null
  /** Gem folders into which Ruby looks only where a variable names them. */
  readonly homes: readonly string[]
}

const nothingLost: LostVariables = { config: null, gems: null, homes: [] }

/** Whoever types the commands. */
export interface Typist {
  /** How to become root for one command; null for root. */
  readonly rootBy: 'sudo' | 'su' | null
  /** The environment of the shell, as far as it is known. */
  readonly env: Readonly<Record<string, string>>
  /** Where the shell looks for programs, first first. */
  readonly path: readonly string[]
  readonly lost: LostVariables
  /** Whether `ruby` means the judged one to the shell; null: PATH tells. */
  readonly typesJudgedRuby: boolean | null
  mayWrite(path: string): boolean
}

/** The PATH of a shell that nobody configured, as Docker and Debian set it. */
const usualPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Root inside an unpacked file system or an image, as `chroot` and `docker run` have it. */
export const rootInside: Typist = {
  rootBy: null,
  env: {},
  path: usualPath,
  lost: nothingLost,
  typesJudgedRuby: null,
  mayWrite: () => true,
}

/** The user of this process, on this machine; `isFirst`: the judged Ruby is the one that PATH named. */
export function thisUser(tree: FileTree, env: Readonly<Record<string, string>>, isFirst: boolean): Typist {
  const path = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  const isRoot = process.getuid?.() === 0
  const hasSudo = [...path, '/usr/bin'].some((folder) => tree.kind(posix.join(folder, 'sudo')) !== null)
  return {
    rootBy: isRoot ? null : hasSudo ? 'sudo' : 'su',
    env,
    path,
    lost: nothingLost,
    typesJudgedRuby: isFirst ? true : null,
    mayWrite,
  }
}

export function toPlace(tree: FileTree, appPath: string, bundled: boolean, runtime: Runtime, typist: Typist): Place {
  const system = readOperatingSystem(tree.text('/etc/os-release'), runtime.extensionSuffix)
  return { tree, appPath, bundled, system, runtime, manager: managerOf(tree, runtime, system.packages, typist.path), typist }
}

/** Of a folder that is not there yet: whether it could be made. */
function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return missing && path !== '/' && mayWrite(posix.dirname(path))
  }
}
