import { readSocketInodes, readTcpSockets, readUnixListeners, tcpState } from './sockets.ts'

/** A socket that a process listens on. */
export type Listener =
  | { readonly tag: 'Tcp'; readonly host: string; readonly port: number }
  /** Abstract names begin with `@`. */
  | { readonly tag: 'Unix'; readonly path: string }

/** What these processes listen on, by the inodes of their descriptors. Empty where another user's descriptors can't be read. */
export function readListeners(pids: readonly number[]): Listener[] {
  const inodes = new Set(pids.flatMap(readSocketInodes))
  if (inodes.size === 0) return []
  const tcp = readTcpSockets(tcpState.listening).filter(({ inode }) => inodes.has(inode))
  const unix = readUnixListeners().filter(({ inode }) => inodes.has(inode))
  return [...tcp.map(({ local }) => ({ tag: 'Tcp' as const, ...local })), ...unix.map(({ path }) => ({ tag: 'Unix' as const, path }))]
}
