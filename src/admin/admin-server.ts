import { chmodSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { isIP } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { BezelError } from '../errors.ts'
import { createAdminApp, type AdminSources } from './admin-app.ts'

export interface AdminSettings {
  /** Absolute; in a folder that only this user can enter. */
  readonly socketPath: string
  /** Address beside the socket; null: none. */
  readonly listen: { readonly host: string; readonly port: number } | null
  readonly token: string | null
}

/** A client that is silent for longer is cut, in milliseconds. */
const requestTimeoutMs = 10_000
const maxConnections = 64

/** Serves the admin API. Resolves once it listens; throws PORT_TAKEN, SYSTEM_REFUSED or CONFIG_INVALID. */
export async function startAdminServer(settings: AdminSettings, sources: AdminSources): Promise<{ close(): void }> {
  const { socketPath, listen, token } = settings
  if (listen !== null && token === null && !isLoopback(listen.host)) {
    throw new BezelError(
      'CONFIG_INVALID',
      `admin.listen ${listen.host}:${listen.port} is not a loopback address, and admin.token is not set`,
      {
        remedy: ['set admin.token (16 characters or more), or listen on 127.0.0.1'],
      },
    )
  }
  rmSync(socketPath, { force: true })
  const servers = [create(sources, null)]
  await open(servers[0], { path: socketPath }, socketPath)
  chmodSync(socketPath, 0o600)
  if (listen !== null) {
    const server = create(sources, token)
    servers.push(server)
    try {
      await open(server, listen, `${listen.host}:${listen.port}`)
    } catch (error) {
      servers[0]?.close()
      throw error
    }
  }
  return {
    close: () => {
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

function create(sources: AdminSources, token: string | null): Server {
  const server = createAdaptorServer({
    fetch: createAdminApp(sources, token).fetch,
    serverOptions: { requestTimeout: requestTimeoutMs },
  }) as Server
  server.maxConnections = maxConnections
  return server
}

function open(server: Server | undefined, where: { path: string } | { host: string; port: number }, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server?.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'SYSTEM_REFUSED'
      reject(
        new BezelError(code, `cannot listen on ${name} for the admin API: ${cause.code ?? cause.message}`, {
          remedy: ['choose another admin.listen'],
          cause,
        }),
      )
    })
    server?.listen(where, resolve)
  })
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
