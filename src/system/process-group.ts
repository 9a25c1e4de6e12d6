/** Sends a signal to every process of a group; false when there is none left, or none that we may signal. */
export function signalGroup(processGroup: number, signal: NodeJS.Signals): boolean {
  // kill(2): -1 would be every process of the machine, 0 our own group.
  if (!Number.isSafeInteger(processGroup) || processGroup <= 1) return false
  try {
    process.kill(-processGroup, signal)
    return true
  } catch {
    return false
  }
}

/** Sends a signal to one process; false when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
