import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { BezelError } from '../errors.ts'

/** Folders whose files can end up in the data plane, and single files beside them. */
const sourceFolders = ['data-plane', 'front-door', 'gateway', 'net', 'link', 'system', 'resilience', 'formats/http1', 'formats/pgwire']
/** The bundler takes 0.2 s. */
const bundleWithinMs = 60_000

const sourceFiles = ['part.ts', 'errors.ts']

/**
 * The one file that a data plane runs: in a package it lies beside this module; in a checkout it is bundled from the
 * sources whenever one of them is newer, because a process starts from one file in a third of the time.
 */
export async function findDataPlaneFile(): Promise<string> {
  const packaged = resolve(import.meta.dirname, '../data-plane.mjs')
  if (existsSync(packaged)) return packaged
  const src = resolve(import.meta.dirname, '..')
  const built = resolve(src, '../build/data-plane.mjs')
  if (modifiedMs(built) < newestSourceMs(src)) await bundleDataPlane(resolve(src, '../scripts/bundle-data-plane.ts'), built)
  return built
}

/** Rejects with INTERNAL and what the bundler said. */
async function bundleDataPlane(script: string, file: string): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [script, file], { timeout: bundleWithinMs })
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().slice(-2_000) : String(cause)
    throw new BezelError('INTERNAL', `the data plane could not be bundled: ${said}`, { remedy: ['npm ci'], cause })
  }
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function newestSourceMs(src: string): number {
  const inFolders = sourceFolders.flatMap((folder) =>
    readdirSync(join(src, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  return Math.max(...[...inFolders, ...sourceFiles.map((file) => join(src, file))].map(modifiedMs))
}
