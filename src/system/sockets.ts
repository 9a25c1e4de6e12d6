import { isIPv6 } from 'node:net'
import { readDescriptors } from './proc-fs.ts'
import { readOrNull } from './try-read.ts'

export interface TcpEndPoint {
  /** An IP address; of an IPv4 one mapped into IPv6, the IPv4 one. */
  readonly host: string
  readonly port: number
}

export interface TcpSocket {
  readonly local: TcpEndPoint
  readonly remote: TcpEndPoint
  readonly inode: string
}

export interface UnixListener {
  /** Abstract names begin with `@`. */
  readonly path: string
  readonly inode: string
}

/** States of include/net/tcp_states.h. */
export const tcpState = { established: '01', listening: '0A' } as const

/** Inodes of the sockets that a process has open; none where another user's descriptors can't be read. */
export function readSocketInodes(pid: number): string[] {
  return [...readDescriptors(pid).values()].flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [])
}

/** TCP sockets of this network namespace in one state (proc(5): `/proc/net/tcp`, `tcp6`). */
export function readTcpSockets(state: (typeof tcpState)[keyof typeof tcpState]): TcpSocket[] {
  return ['tcp', 'tcp6'].flatMap((name) =>
    linesOf(name).flatMap((line) => {
      const [, local = '', remote = '', found, , , , , , inode = ''] = line.trim().split(/\s+/)
      return found === state ? [{ local: toEndPoint(local), remote: toEndPoint(remote), inode }] : []
    }),
  )
}

/** Flag 0x10000 is __SO_ACCEPTCON: it listens (proc(5): `/proc/net/unix`). */
export function readUnixListeners(): UnixListener[] {
  return linesOf('unix').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const path = fields.slice(7).join(' ')
    return fields[3] === '00010000' && path !== '' ? [{ path, inode: fields[6] ?? '' }] : []
  })
}

function toEndPoint(text: string): TcpEndPoint {
  const [hex = '', port = ''] = text.split(':')
  return { host: toHost(hex), port: Number.parseInt(port, 16) }
}

/** Hexadecimal, in words of the machine's byte order. */
function toHost(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.length % 4 === 0) bytes.swap32()
  if (bytes.length === 4) return [...bytes].join('.')
  if (bytes.length !== 16) return hex
  if (bytes.readBigUInt64BE(0) === 0n && bytes.readUInt32BE(8) === 0xffff) return [...bytes.subarray(12)].join('.')
  const text = Array.from({ length: 8 }, (_, word) => bytes.readUInt16BE(word * 2).toString(16)).join(':')
  const short = new URL(`http://[${text}]`).hostname.slice(1, -1)
  return isIPv6(short) ? short : text
}

function linesOf(name: string): string[] {
  return (readOrNull(`/proc/net/${name}`) ?? '').split('\n').slice(1)
}
