import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What /proc said of a process while it was stopped (proc(5)). A zombie has none of it, so it is read before the exit. */
export interface ProcessState {
  readonly pid: number
  /** Selected lines of `status`: `VmRSS` -> `101224 kB`. */
  readonly status: Readonly<Record<string, string>>
  /** Lines of `limits`. */
  readonly limits: readonly string[]
  /** Files mapped with execute permission: which libraries were really loaded. */
  readonly libraries: readonly string[]
  /** `7 -> socket:[123]`. */
  readonly descriptors: readonly string[]
  /** Lists that were cut at the bound. */
  readonly truncated: boolean
}

const statusKeys = ['Name', 'State', 'Threads', 'VmPeak', 'VmSize', 'VmHWM', 'VmRSS', 'RssAnon', 'VmSwap', 'FDSize', 'SigQ']

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function listDescriptors(pid: number, limit: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
      .slice(0, limit)
      .flatMap((fd) => {
        try {
          return [`${fd} -> ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`]
        } catch {
          return []
        }
      })
  } catch {
    return []
  }
}

/** Reads the state of a process of ours; null when it is gone, or a zombie. At most `maxEntries` of each list. */
export function readProcessState(pid: number, maxEntries: number): ProcessState | null {
  const pairs = read(`/proc/${pid}/status`)
    .split('\n')
    .map((line) => line.split(/:\s+/, 2))
  const status = Object.fromEntries(
    pairs.flatMap(([key, value]) => (key !== undefined && value !== undefined && statusKeys.includes(key) ? [[key, value]] : [])),
  )
  if (status['State'] === undefined || status['State'].startsWith('Z')) return null
  const mapped = read(`/proc/${pid}/maps`)
    .split('\n')
    .flatMap((line) => /^\S+ ..x. \S+ \S+ [1-9]\d*\s+(\/.*)$/.exec(line)?.[1] ?? [])
  const libraries = [...new Set(mapped)]
  const descriptors = listDescriptors(pid, maxEntries + 1)
  return {
    pid,
    status,
    limits: read(`/proc/${pid}/limits`).split('\n').slice(1, 20).filter(Boolean),
    libraries: libraries.slice(0, maxEntries),
    descriptors: descriptors.slice(0, maxEntries),
    truncated: libraries.length > maxEntries || descriptors.length > maxEntries,
  }
}

/** How `captureStopped` stops and continues a process: kill(2), injected for tests. */
export type Signal = (pid: number, signal: 'SIGSTOP' | 'SIGCONT') => void

/**
 * Stops a process, reads its state, lets it go on. Synchronous on purpose: nothing may come between stop and continue.
 * Should bezel die in between, the parent-death signal ends the stopped process.
 */
export function captureStopped(pid: number, maxEntries: number, signal: Signal): ProcessState | null {
  try {
    signal(pid, 'SIGSTOP')
  } catch {
    return null
  }
  try {
    return readProcessState(pid, maxEntries)
  } finally {
    try {
      signal(pid, 'SIGCONT')
    } catch {
      // It ended meanwhile: there is nothing left to continue.
    }
  }
}
