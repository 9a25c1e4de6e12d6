import { readFileSync } from 'node:fs'

/** Lines of `/proc/PID/limits` (proc(5)) past which allocations fail: name, soft limit, hard limit, unit. */
const limits = [
  ['RLIMIT_AS', /^Max address space +(\d+) /m],
  ['RLIMIT_DATA', /^Max data size +(\d+) /m],
] as const

/** What limits a process's memory, `RLIMIT_AS of 286 MB`; null: nothing does, or the process is gone. `text` is its `/proc/PID/limits`. */
export function memoryLimitIn(text: string): string | null {
  for (const [name, form] of limits) {
    const bytes = form.exec(text)?.[1]
    if (bytes !== undefined) return `${name} of ${Math.round(Number(bytes) / 2 ** 20)} MB`
  }
  return null
}

export function readMemoryLimit(pid: number): string | null {
  try {
    return memoryLimitIn(readFileSync(`/proc/${pid}/limits`, 'latin1'))
  } catch {
    return null
  }
}
