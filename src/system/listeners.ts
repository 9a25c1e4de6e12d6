import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { readDescriptors } from './proc-fs.ts'

/** A socket that a process listens on. */
export type Listener =
  | { readonly tag: 'Tcp'; readonly host: string; readonly port: number }
  /** Abstract names begin with `@`. */
  | { readonly tag: 'Unix'; readonly path: string }

/**
 * What these processes listen on, by the inodes of their descriptors (proc(5): `/proc/net/tcp`, `tcp6`, `unix`).
 * Empty where another user's descriptors can't be read.
 */
export function readListeners(pids: readonly number[]): Listener[] {
  const inodes = new Set(
    pids.flatMap((pid) => [...readDescriptors(pid).values()].flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [])),
  )
  if (inodes.size === 0) return []
  return [...readTcp('tcp'), ...readTcp('tcp6'), ...readUnix()].flatMap(({ inode, listener }) => (inodes.has(inode) ? [listener] : []))
}

interface Found {
  readonly inode: string
  readonly listener: Listener
}

/** State 0A is TCP_LISTEN; the address is hexadecimal, in words of the machine's byte order. */
function readTcp(name: 'tcp' | 'tcp6'): Found[] {
  return linesOf(name).flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [hex = '', port = ''] = (fields[1] ?? '').split(':')
    return fields[3] === '0A'
      ? [{ inode: fields[9] ?? '', listener: { tag: 'Tcp' as const, host: toHost(hex), port: Number.parseInt(port, 16) } }]
      : []
  })
}

function toHost(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.length % 4 === 0) bytes.swap32()
  if (bytes.length === 4) return [...bytes].join('.')
  const text = Array.from({ length: 8 }, (_, word) => bytes.readUInt16BE(word * 2).toString(16)).join(':')
  const short = new URL(`http://[${text}]`).hostname.slice(1, -1)
  return isIPv6(short) ? short : text
}

/** Flag 0x10000 is __SO_ACCEPTCON: it listens. */
function readUnix(): Found[] {
  return linesOf('unix').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const path = fields.slice(7).join(' ')
    return fields[3] === '00010000' && path !== '' ? [{ inode: fields[6] ?? '', listener: { tag: 'Unix' as const, path } }] : []
  })
}

function linesOf(name: string): string[] {
  try {
    return readFileSync(`/proc/net/${name}`, 'latin1').split('\n').slice(1)
  } catch {
    return []
  }
}
