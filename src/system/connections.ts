import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { readSocketInodes, readTcpSockets, tcpState, type TcpEndPoint } from './sockets.ts'

/** The other end of a connection that a process holds. */
export type Connection = ({ readonly tag: 'Tcp' } & TcpEndPoint) | { readonly tag: 'Unix'; readonly path: string }

const run = promisify(execFile)
const ssLimits = { timeout: 2_000, killSignal: 'SIGKILL', maxBuffer: 16 * 2 ** 20 } as const

/**
 * Where the connections of these processes lead, each once. Unix ones only where ss (iproute2) is installed: /proc/net/unix doesn't pair the two ends.
 */
export async function readConnections(pids: readonly number[]): Promise<Connection[]> {
  const inodes = new Set(pids.flatMap(readSocketInodes))
  if (inodes.size === 0) return []
  const tcp = readTcpSockets(tcpState.established).filter(({ inode }) => inodes.has(inode))
  const unix = (await readUnixPairs()).filter(({ peer }) => inodes.has(peer))
  const found = [
    ...tcp.map(({ remote }): Connection => ({ tag: 'Tcp', ...remote })),
    ...unix.map(({ path }): Connection => ({ tag: 'Unix', path })),
  ]
  return [...new Map(found.map((connection) => [JSON.stringify(connection), connection])).values()]
}

/** Accepted ends have the listener's path; `peer` is the inode of the end that connected (`u_str ESTAB 0 0 /run/x.sock 4711 * 4710`). */
async function readUnixPairs(): Promise<{ readonly path: string; readonly peer: string }[]> {
  try {
    const { stdout } = await run('ss', ['-xH', 'state', 'connected'], ssLimits)
    return stdout.split('\n').flatMap((line) => {
      const [, path, peer] = /\s(\/.+)\s\d+\s+\*\s(\d+)\s*$/.exec(line) ?? []
      return path === undefined || peer === undefined ? [] : [{ path, peer }]
    })
  } catch {
    return []
  }
}
