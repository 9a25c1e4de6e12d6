import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BezelError } from '../../errors.ts'
import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import { readGemfileLock } from '../../formats/gemfile-lock/read-gemfile-lock.ts'

/** What lies in the app's folder. */
export interface AppFolder {
  /** Its real path: links resolved. */
  readonly path: string
  readonly framework: 'rails' | 'rack' | 'unknown'
  /** Null when there is none. */
  readonly lock: GemfileLock | null
  /** Whether there is a file at a path from the folder, `config/puma.rb`. */
  has(path: string): boolean
}

const maxLockBytes = 8 * 1024 * 1024

/**
 * Looks at an app's folder.
 * @throws BezelError CONFIG_INVALID when there is no such folder, or when nothing in it says that a Ruby web app lives there;
 * DATA_UNREADABLE for a Gemfile.lock that can't be read
 */
export function detectApp(folder: string, hasCommand: boolean): AppFolder {
  const path = realFolder(folder)
  const has = (name: string): boolean => existsSync(join(path, name))
  const lockName = has('gems.locked') ? 'gems.locked' : 'Gemfile.lock'
  if (!hasCommand && !has('config.ru') && !has('Gemfile') && !has('gems.rb')) {
    throw new BezelError('CONFIG_INVALID', `${path} holds neither a config.ru nor a Gemfile: no Ruby web app is there`, {
      remedy: [
        'go to the folder of the app, or name it: bezel run --app DIR',
        'or give the command that starts one worker: bezel run -- COMMAND',
      ],
    })
  }
  const lock = has(lockName) ? readLock(path, lockName) : null
  const rails = has('config/application.rb') || lock?.gems.has('railties') === true
  return { path, framework: rails ? 'rails' : has('config.ru') ? 'rack' : 'unknown', lock, has }
}

function realFolder(folder: string): string {
  try {
    const path = realpathSync(folder)
    if (statSync(path).isDirectory()) return path
  } catch {
    // Said below.
  }
  throw new BezelError('CONFIG_INVALID', `there is no folder ${folder}`, { remedy: ['name the folder of the app: bezel run --app DIR'] })
}

function readLock(path: string, name: string): GemfileLock {
  const file = join(path, name)
  let text: string
  try {
    if (statSync(file).size > maxLockBytes) throw new Error(`it is larger than ${maxLockBytes / 2 ** 20} MB`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new BezelError('DATA_UNREADABLE', `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
  const lock = readGemfileLock(text)
  if (lock.tag === 'Lock') return lock
  throw new BezelError('DATA_UNREADABLE', `${file}:${lock.line}: ${lock.why}`, { remedy: ['bundle lock'] })
}
