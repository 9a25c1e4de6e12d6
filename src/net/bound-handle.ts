import net from 'node:net'
import { getSystemErrorName } from 'node:util'

/**
 * A socket that is bound, but does not listen. The keeper makes it, keeps it, and hands it to each data plane in turn
 * by IPC: that one listens and accepts alone, and connects wait in the backlog while it is replaced.
 * `server.listen()` in the keeper would make the keeper accept too.
 *
 * It is libuv's TCP or Pipe object, which Node's own `cluster` module passes the same way (lib/internal/cluster/shared_handle.js).
 */
export interface BoundHandle {
  close(): void
  /** Fills in the bound address; returns 0 or a negative errno. A Unix socket's handle has none. */
  getsockname?(out: { address?: string; port?: number }): number
}

interface NetInternals {
  /** Returns a negative errno instead of a handle when binding fails. `addressType` 4 or 6; -1 for a Unix socket. */
  _createServerHandle(address: string, port: number, addressType: number, fd: number): BoundHandle | number
}

export type BindResult = { readonly tag: 'Bound'; readonly handle: BoundHandle } | { readonly tag: 'Failed'; readonly code: string }

function bind(address: string, port: number, addressType: number): BindResult {
  const internals = net as typeof net & NetInternals
  const made = internals._createServerHandle(address, port, addressType, -1)
  return typeof made === 'number' ? { tag: 'Failed', code: getSystemErrorName(made) } : { tag: 'Bound', handle: made }
}

/** Binds a TCP port; `host` is an IPv4 or IPv6 address, port 0 lets the kernel choose. That a port is taken shows only when it listens. */
export function bindTcp(host: string, port: number): BindResult {
  return bind(host, port, net.isIPv6(host) ? 6 : 4)
}

/** Binds a Unix socket; the path must not exist and holds at most 107 bytes (unix(7)). */
export function bindUnix(path: string): BindResult {
  return bind(path, -1, -1)
}

/** The port that a TCP handle is bound to; null for a Unix socket. */
export function portOf(handle: BoundHandle): number | null {
  const out: { port?: number } = {}
  return handle.getsockname?.(out) === 0 ? (out.port ?? null) : null
}

/**
 * Lets a server listen on a handle that came by IPC. Emits `listening` or `error` on the server, like any `listen`.
 * `backlog` is bounded by the kernel (net.core.somaxconn).
 */
export function listenOn(server: net.Server, handle: BoundHandle, backlog = 4096): void {
  const options: { _handle: BoundHandle; backlog: number } = { _handle: handle, backlog }
  server.listen(options)
}
