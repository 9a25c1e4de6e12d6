import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Folders whose files can end up in the data plane, and single files beside them. */
const sourceFolders = ['data-plane', 'front-door', 'gateway', 'net', 'link', 'system', 'resilience', 'formats/http1', 'formats/pgwire']
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
  if (modifiedMs(built) < newestSourceMs(src)) await bundleDataPlane(join(src, 'data-plane/main.ts'), built)
  return built
}

/** Bundles the data plane into one file, whole or not at all. */
export async function bundleDataPlane(entry: string, file: string): Promise<void> {
  const { build } = await import('rolldown')
  const folder = resolve(file, '..')
  mkdirSync(folder, { recursive: true })
  const written = join(folder, `.data-plane-${process.pid}.mjs`)
  await build({ input: entry, platform: 'node', logLevel: 'warn', output: { file: written, format: 'esm', minify: false } })
  renameSync(written, file)
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
