import type { Config } from '../config/config.ts'
import { openRuntimeDirectory } from '../system/runtime-directory.ts'
import { sweepLeftovers } from '../system/process-record.ts'
import { findDataPlaneFile } from './data-plane-file.ts'
import { Keeper } from './keeper.ts'
import type { OpenLog } from './log/open-log.ts'

/**
 * Holds an app up until it is told to stop. Resolves with the exit code; rejects with what made a start impossible
 * (ALREADY_RUNNING, PORT_TAKEN, SOCKET_PATH_TOO_LONG, …). Nothing that it started is left then.
 */
export async function runKeeper(config: Config, { log }: { readonly log: OpenLog }): Promise<number> {
  const runtime = openRuntimeDirectory(config.app.path)
  try {
    for (const leftover of sweepLeftovers(runtime.path)) log.fact({ tag: 'LeftoverKilled', ...leftover })
    const dataPlaneFile = config.frontDoor === null && config.gateway === null ? null : await findDataPlaneFile()
    const keeper = new Keeper(config, { log, runtime, dataPlaneFile })
    try {
      return await keeper.run()
    } catch (error) {
      keeper.abandon()
      throw error
    }
  } finally {
    runtime.release()
  }
}
