import { spawn, type ChildProcess } from 'node:child_process'
import type { ForKeeper, FromKeeper } from '../data-plane/assemble.ts'
import { createChannel, type Channel } from '../link/channel.ts'

/** One data plane process. Until it is configured it only waits. */
export interface DataPlaneProcess {
  readonly pid: number
  readonly link: Channel<ForKeeper, FromKeeper>
  kill(): void
}

export interface DataPlaneProgram {
  /** The bundled file, absolute. */
  readonly file: string
  readonly accessLog: boolean
  /** Descriptor of the keeper's log: access lines and faults go there too. */
  readonly logFd: number
}

/**
 * Starts a data plane, detached from the terminal's process group. Its stdout and stderr are the keeper's log.
 * Throws what `spawn` throws; `onExit` is called once.
 */
export function spawnDataPlane(
  { file, accessLog, logFd }: DataPlaneProgram,
  onExit: (code: number | null, signal: string | null) => void,
): DataPlaneProcess {
  const child: ChildProcess = spawn(process.execPath, [file, ...(accessLog ? ['--access-log'] : [])], {
    detached: true,
    stdio: ['ignore', logFd, logFd, 'ipc'],
    serialization: 'json',
    cwd: '/',
  })
  let over = false
  const exited = (code: number | null, signal: string | null) => {
    if (over) return
    over = true
    onExit(code, signal)
  }
  child.once('exit', exited)
  child.once('error', () => exited(null, null))
  return {
    pid: child.pid ?? 0,
    link: createChannel<ForKeeper, FromKeeper>(child),
    kill: () => void child.kill('SIGKILL'),
  }
}
