import type { Socket } from 'node:net'

/** Ends a connection so that its peer can't take what it got for the whole: with a reset where the socket has one. */
export function cutOff(socket: Socket): void {
  // Only TCP has a reset. `remoteFamily` is undefined on a Unix socket.
  if (socket.destroyed || socket.remoteFamily === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
