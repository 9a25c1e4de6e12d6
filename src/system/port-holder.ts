import { listProcesses, readStat } from './proc-fs.ts'
import { readSocketInodes, readTcpSockets, tcpState } from './sockets.ts'

export interface PortHolder {
  readonly pid: number
  /** Name of the process, at most 15 characters (proc(5), `comm`). */
  readonly name: string
}

/** A bound for machines with very many processes: the answer is a help, not a need. */
const maxProcesses = 10_000

/** Who listens on a TCP port, as far as /proc tells this user; null when it doesn't. */
export function findPortHolder(port: number): PortHolder | null {
  const listening = readTcpSockets(tcpState.listening).filter(({ local }) => local.port === port)
  const inodes = new Set(listening.map(({ inode }) => inode))
  if (inodes.size === 0) return null
  const pid = listProcesses()
    .slice(0, maxProcesses)
    .find((each) => readSocketInodes(each).some((inode) => inodes.has(inode)))
  return pid === undefined ? null : { pid, name: readStat(pid)?.name ?? '' }
}
