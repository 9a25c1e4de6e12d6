import { readStat } from './proc-fs.ts'

/** Whether a process is gone or on its way: its connections may close from then on, and not before. One that `/proc` hides counts as alive. */
export function isEnding(pid: number): boolean {
  return readStat(pid)?.isExiting ?? !exists(pid)
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code !== 'ESRCH'
  }
}
