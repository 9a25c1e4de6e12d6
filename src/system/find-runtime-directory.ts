import { join } from 'node:path'
import { readLock, runtimeBases } from './runtime-directory.ts'
import { listOrEmpty } from './try-read.ts'

/** Of all runtime directories of this machine the one whose lock names the app (its real path): its bezel may have had another environment. */
export function findRuntimeDirectory(app: string): string | null {
  const all = runtimeBases().flatMap((base) => listOrEmpty(base).map((name) => join(base, name)))
  return all.find((directory) => readLock(directory)?.app === app) ?? null
}
