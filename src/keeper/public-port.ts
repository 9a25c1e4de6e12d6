import { lookup } from 'node:dns/promises'
import net from 'node:net'
import { BezelError } from '../errors.ts'
import type { Address } from '../link/messages.ts'
import { bindTcp, portOf, type BoundHandle } from '../net/bound-handle.ts'
import { quoteWord } from '../formats/shell-words/quote-word.ts'
import { findPortHolder, type PortHolder } from '../system/port-holder.ts'
import { findHeldApp } from '../system/running-bezels.ts'

export interface PublicPort {
  readonly handle: BoundHandle
  readonly url: string
}

/**
 * Binds the public port without listening. A taken port shows only at listen, so one is tried first and closed again.
 * Throws PORT_TAKEN (with the holder, where /proc tells) or SYSTEM_REFUSED.
 */
export async function bindPublicPort(host: string, port: number): Promise<PublicPort> {
  const address = await resolveHost(host)
  if (port !== 0) await tryPort(address, port)
  const bound = bindTcp(address, port)
  if (bound.tag === 'Failed') throw refused(address, port, bound.code)
  return { handle: bound.handle, url: toUrl({ tag: 'Tcp', host: address, port: portOf(bound.handle) ?? port }) }
}

/** As a person on this machine would ask there: `http://localhost:3000`; of a Unix socket its path. */
export function toUrl(address: Address): string {
  if (address.tag === 'Unix') return `unix:${address.path}`
  const { host, port } = address
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : net.isIPv6(host) ? `[${host}]` : host
  return `http://${shown}:${port}`
}

async function resolveHost(host: string): Promise<string> {
  if (net.isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw new BezelError('SYSTEM_REFUSED', `cannot resolve the host '${host}' to listen on`, {
      remedy: ['set front_door.host to an address of this machine, or to 0.0.0.0'],
      cause,
    })
  }
}

async function tryPort(address: string, port: number): Promise<void> {
  const server = net.createServer()
  const { promise, resolve } = Promise.withResolvers<string | null>()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(null)))
  const code = await promise
  if (code !== null) throw refused(address, port, code)
}

function refused(address: string, port: number, code: string): BezelError {
  if (code === 'EADDRINUSE') {
    const holder = findPortHolder(port)
    const bezel = holder === null ? null : findHeldApp(holder.pid)
    return new BezelError('PORT_TAKEN', `port ${port} on ${address} is taken by ${describeHolder(holder, bezel)}`, {
      // Whoever serves on this port may be what production lives on: looking comes first, and ending it is nobody's first thought.
      remedy: [...lookAt(holder, bezel, port), `bezel run --port ${port + 1}`],
    })
  }
  const remedy =
    code === 'EACCES'
      ? ['use a port of 1024 or more, or give bezel the right: setcap cap_net_bind_service=+ep on its Node']
      : ['set front_door.host to an address of this machine']
  return new BezelError('SYSTEM_REFUSED', `cannot listen on ${address} port ${port}: ${code}`, { remedy })
}

type HeldApp = ReturnType<typeof findHeldApp>

function describeHolder(holder: PortHolder | null, bezel: HeldApp): string {
  if (bezel !== null) return `the bezel of ${bezel.app} (pid ${bezel.pid})`
  return holder === null ? 'another process' : `process ${holder.pid} (${holder.name})`
}

function lookAt(holder: PortHolder | null, bezel: HeldApp, port: number): string[] {
  if (bezel !== null) return [`bezel status --app ${quoteWord(bezel.app)}`]
  return [holder === null ? `ss -ltnp 'sport = :${port}'` : `ps -fp ${holder.pid}`]
}
