import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { BezelError } from '../errors.ts'
import { ownFile } from '../own-files.ts'

/** The bundler takes 1 s. */
const bundleWithinMs = 60_000

/** The name of its file below `build`, which scripts/bundle.ts puts here; sources know none. */
declare const BUNDLED_DATA_PLANE: string

/**
 * The one file that a data plane runs, because a process starts from one file in a third of the time. The bundled command line has its own
 * beside itself; one that runs from sources is newer than any bundle, and has both bundled first. Rejects with INTERNAL and what the bundler said.
 */
export async function findDataPlaneFile(): Promise<string> {
  if (typeof BUNDLED_DATA_PLANE === 'string') return ownFile(`build/${BUNDLED_DATA_PLANE}`)
  try {
    // A process of its own: the bundler's memory would stay with the keeper.
    const { stdout } = await promisify(execFile)(process.execPath, [ownFile('scripts/bundle.ts'), '--without-code'], {
      timeout: bundleWithinMs,
    })
    return ownFile(`build/${stdout.trim()}`)
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim().slice(-2_000) : String(cause)
    throw new BezelError('INTERNAL', `the data plane could not be bundled: ${said}`, { remedy: ['npm ci'], cause })
  }
}
