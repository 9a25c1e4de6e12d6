import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Both ends of a pipe that has no name any more. Who opens closes: hand `writeFd` to a child, then close it here. */
export interface Fifo {
  readonly readFd: number
  readonly writeFd: number
}

/**
 * Real FIFOs, because the stdio "pipes" that Node makes are sockets: a child that opens `/dev/stderr` gets ENXIO from a socket.
 * Made in `folder`, opened at both ends, and unlinked.
 *
 * @throws from mkfifo(1) or open(2), with nothing left open.
 */
export async function openFifos(folder: string, count: number): Promise<Fifo[]> {
  const paths = Array.from({ length: count }, () => join(folder, `.${randomBytes(8).toString('hex')}`))
  const fifos: Fifo[] = []
  try {
    await run('mkfifo', ['-m', '600', ...paths], { timeout: 10_000, killSignal: 'SIGKILL' })
    for (const path of paths) {
      // The reader first and without waiting, or each end's open would wait for the other's.
      const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        fifos.push({ readFd, writeFd: openSync(path, constants.O_WRONLY) })
      } catch (error) {
        closeSync(readFd)
        throw error
      }
    }
    return fifos
  } catch (error) {
    for (const { readFd, writeFd } of fifos) for (const fd of [readFd, writeFd]) closeSync(fd)
    throw error
  } finally {
    for (const path of paths) rmSync(path, { force: true })
  }
}
