import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'

/** Where a shell would find a program: absolute path, or null. A name with a slash is taken relative to `cwd`. */
export function findProgram(name: string, path: string | undefined, cwd: string): string | null {
  const folders = name.includes('/') ? ['.'] : (path ?? '').split(':')
  for (const folder of folders) {
    const candidate = resolve(cwd, folder, name)
    try {
      accessSync(candidate, constants.X_OK)
      if (statSync(candidate).isFile()) return candidate
    } catch {
      // Not in this folder.
    }
  }
  return null
}
