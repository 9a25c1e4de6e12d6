import { readFileSync } from 'node:fs'

/** `PF_EXITING` of `flags` in /proc/PID/stat (include/linux/sched.h): set before a process closes its descriptors. */
const exitingFlag = 0x4

/**
 * Whether a process is gone, a zombie, or on its way: true from the moment on from which its sockets may be closed by its end.
 * A process that merely closed a connection is none of these.
 */
export function isExiting(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' || (Number(fields[6]) & exitingFlag) !== 0
  } catch {
    return true
  }
}
