import net from 'node:net'
import { listenOn, type BoundHandle } from '../net/bound-handle.ts'

/** What accepts the clients of one run for one database. */
export interface Listener {
  /** Takes no more clients. Those that are there stay. */
  close(): void
}

/**
 * Listens on a bound handle, or on a path (which must not exist); resolves when it does, rejects with the system's error.
 * `onClient` owns the sockets.
 */
export function createListener(where: BoundHandle | string, maxClients: number, onClient: (socket: net.Socket) => void): Promise<Listener> {
  const server = net.createServer({ noDelay: true }, onClient)
  server.maxConnections = maxClients
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      // Failing to accept (no descriptor left) must not end the process: the client waits in the backlog.
      server.on('error', () => {})
      resolve({ close: () => void server.close() })
    })
    if (typeof where === 'string') server.listen(where)
    else listenOn(server, where)
  })
}
