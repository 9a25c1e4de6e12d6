import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface PortHolder {
  readonly pid: number
  /** Name of the process, at most 15 characters (proc(5), `comm`). */
  readonly name: string
}

/** State LISTEN in `/proc/net/tcp` (include/net/tcp_states.h). */
const listening = '0A'

/** A bound for machines with very many processes: the answer is a help, not a need. */
const maxProcesses = 10_000

/** Who listens on a TCP port, as far as /proc tells this user; null when it doesn't. */
export function findPortHolder(port: number): PortHolder | null {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port)))
  if (inodes.size === 0) return null
  for (const name of list('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .slice(0, maxProcesses)) {
    const holds = list(`/proc/${name}/fd`).some((fd) => inodes.has(/^socket:\[(\d+)\]$/.exec(link(`/proc/${name}/fd/${fd}`))?.[1] ?? ''))
    if (holds) return { pid: Number(name), name: read(`/proc/${name}/comm`).trim() }
  }
  return null
}

/** Columns of `/proc/net/tcp`: `sl local_address rem_address st … inode`; the port is hexadecimal after the colon. */
function listeningInodes(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return read(table)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(wanted) && columns[3] === listening)
    .flatMap((columns) => columns[9] ?? [])
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
