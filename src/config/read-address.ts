import type { Address } from '../link/messages.ts'

/** Reads `127.0.0.1:3000`, `[::1]:3000`, `localhost:3000` or an absolute socket path; null when it is none of these. */
export function readAddress(text: string): Address | null {
  if (text.startsWith('/')) return Buffer.byteLength(text) <= 107 ? { tag: 'Unix', path: text } : null
  const match = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
  const port = Number(match?.[3] ?? 0)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || port < 1 || port > 65_535) return null
  return { tag: 'Tcp', host: host === 'localhost' ? '127.0.0.1' : host, port }
}

/** As it would be written in bezel.yml. */
export function showAddress(address: Address): string {
  if (address.tag === 'Unix') return address.path
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
