import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { BezelError } from '../errors.ts'
import { codeFolder, ownFile } from '../own-files.ts'

/** The bundler takes 1 s. */
const bundleWithinMs = 60_000

/**
 * The one file that a data plane runs, because a process starts from one file in a third of the time. The bundled command line has it beside
 * itself; one that runs from sources is newer than any bundle, and has both bundled first. Rejects with INTERNAL and what the bundler said.
 */
export async function findDataPlaneFile(): Promise<string> {
  const file = ownFile('build/data-plane.mjs')
  if (codeFolder === ownFile('build')) return file
  try {
    // A process of its own: the bundler's memory would stay with the keeper.
    await promisify(execFile)(process.execPath, [ownFile('scripts/bundle.ts'), '--without-code'], { timeout: bundleWithinMs })
    return file
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().slice(-2_000) : String(cause)
    throw new BezelError('INTERNAL', `the data plane could not be bundled: ${said}`, { remedy: ['npm ci'], cause })
  }
}
