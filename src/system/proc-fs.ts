import { readFileSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { listOrEmpty, readOrNull } from './try-read.ts'

/**
 * What `/proc` tells of a process (proc(5)). A process may end between any two reads, so every answer may be null,
 * and a pid alone names nobody for long: pid and start time together do.
 */
export interface ProcessStat {
  readonly pid: number
  /** As the process is called, at most 15 bytes. */
  readonly name: string
  /** One letter: R running, S sleeping, D in the kernel, T stopped, Z zombie, … */
  readonly state: string
  readonly parent: number
  readonly processGroup: number
  readonly session: number
  /**
   * A zombie, or on its way: from the moment on from which its sockets may be closed by its end. A process that merely closed a connection is not.
   */
  readonly isExiting: boolean
  /** CPU time used, user and system, in clock ticks (100 a second). */
  readonly cpuTicks: number
  readonly threads: number
  /** Since boot, in clock ticks: with the pid it names a process. */
  readonly startTicks: number
}

/** `PF_EXITING` of `flags` in /proc/PID/stat (include/linux/sched.h): set before a process closes its descriptors. */
const exitingFlag = 0x4

/** Null: no such process, or not ours to see. */
export function readStat(pid: number): ProcessStat | null {
  const text = readOrNull(`/proc/${pid}/stat`)
  if (text === null) return null
  // The name stands in parentheses and may hold spaces and parentheses itself: the last one closes it.
  const close = text.lastIndexOf(')')
  const fields = text.slice(close + 2).split(' ')
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, close),
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    processGroup: Number(fields[2]),
    session: Number(fields[3]),
    isExiting: fields[0] === 'Z' || fields[0] === 'X' || (Number(fields[6]) & exitingFlag) !== 0,
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    threads: Number(fields[17]),
    startTicks: Number(fields[19]),
  }
}

/** Resident memory in MiB, from `statm`: 0.02 ms. Null: gone, or a zombie. */
export function readRssMb(pid: number): number | null {
  const pages = Number(readOrNull(`/proc/${pid}/statm`)?.split(' ')[1])
  return pages > 0 ? (pages * pageBytes()) / 2 ** 20 : null
}

/** Proportional share of resident memory in MiB: pages shared by n processes count 1/n. Costs 1 ms for 300 MB, off the event loop. */
export async function readPssMb(pid: number): Promise<number | null> {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]
    return kilobytes === undefined ? null : Number(kilobytes) / 1024
  } catch {
    return null
  }
}

/** Fields of `status` by name: `VmRSS` -> `12345 kB`. */
export function readStatus(pid: number): ReadonlyMap<string, string> | null {
  const text = readOrNull(`/proc/${pid}/status`)
  if (text === null) return null
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return fields
}

/** Variables that the process was started with; a program that writes its own title may have overwritten them. */
export function readEnvironment(pid: number): ReadonlyMap<string, string> | null {
  const text = readOrNull(`/proc/${pid}/environ`)
  if (text === null) return null
  const variables = new Map<string, string>()
  for (const entry of text.split('\0')) {
    const equals = entry.indexOf('=')
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1))
  }
  return variables
}

/** Arguments; empty for a zombie. */
export function readCommandLine(pid: number): readonly string[] {
  const text = readOrNull(`/proc/${pid}/cmdline`) ?? ''
  return text === '' ? [] : text.replace(/\0$/, '').split('\0')
}

/** Open descriptors: number -> what it points to (`socket:[123]`, `pipe:[4]`, a path). */
export function readDescriptors(pid: number): ReadonlyMap<number, string> {
  const descriptors = new Map<number, string>()
  for (const fd of listOrEmpty(`/proc/${pid}/fd`)) {
    try {
      descriptors.set(Number(fd), readlinkSync(`/proc/${pid}/fd/${fd}`))
    } catch {
      // Closed between the two reads.
    }
  }
  return descriptors
}

/** Direct children, of any thread; an end of a child during the reading may hide another (proc(5)). */
export function readChildren(pid: number): number[] {
  return listOrEmpty(`/proc/${pid}/task`).flatMap((thread) =>
    (readOrNull(`/proc/${pid}/task/${thread}/children`) ?? '')
      .split(' ')
      .filter((child) => child !== '')
      .map(Number),
  )
}

/** Children, their children, and so on; at most `limit` of them. */
export function readDescendants(pid: number, limit = 4_096): number[] {
  const found = readChildren(pid)
  for (let next = 0; next < found.length && found.length < limit; next += 1) found.push(...readChildren(found[next] ?? 0))
  return found.slice(0, limit)
}

/** Every process of the machine that this one may see. */
export function listProcesses(): number[] {
  return listOrEmpty('/proc')
    .filter((name) => name.charCodeAt(0) >= 0x31 && name.charCodeAt(0) <= 0x39)
    .map(Number)
}

/** All processes in a process group, zombies included. Reads every process of the machine: milliseconds. */
export function readProcessGroup(processGroup: number): ProcessStat[] {
  return listProcesses()
    .map(readStat)
    .filter((stat) => stat !== null)
    .filter((stat) => stat.processGroup === processGroup)
}

/** Changes with each boot: what was recorded before it names nobody now. */
export function readBootId(): string {
  return readOrNull('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown'
}

let pageSize: number | null = null

/** AT_PAGESZ (6) in the auxiliary vector, pairs of 64-bit words (getauxval(3)): 4, 16 or 64 KiB on arm64. */
function pageBytes(): number {
  if (pageSize !== null) return pageSize
  const vector = readFileSync('/proc/self/auxv')
  pageSize = 4_096
  for (let at = 0; at + 16 <= vector.length; at += 16)
    if (vector.readBigUInt64LE(at) === 6n) pageSize = Number(vector.readBigUInt64LE(at + 8))
  return pageSize
}
