import type { BoundHandle } from '../net/bound-handle.ts'

/** What Node gives both ends of an IPC channel: a `ChildProcess`, or `process` in the child. */
export interface IpcEnd {
  readonly connected: boolean
  send?(message: unknown, handle?: unknown, options?: { keepOpen?: boolean }, done?: (error: Error | null) => void): boolean
  on(event: 'message', call: (message: unknown, handle: unknown) => void): unknown
  on(event: 'disconnect', call: () => void): unknown
  disconnect?(): void
}

/** One end of the link: typed messages, some with a bound handle. */
export interface Channel<In, Out> {
  send(message: Out, handle?: BoundHandle): void
  /** The same, but dropped (and counted) while more than `maxPending` messages wait to be written: for facts, which come in floods. */
  offer(message: Out): void
  readonly dropped: number
  onMessage(call: (message: In, handle: BoundHandle | null) => void): void
  /** The other end is gone. */
  onClosed(call: () => void): void
  close(): void
}

const defaultMaxPending = 1_000

/**
 * Wraps an IPC end. Both ends run the same version of this project, and nobody else can reach the channel, so
 * messages are trusted to have their type. A message to an end that is gone is lost: its owner hears `onClosed`.
 */
export function createChannel<In, Out>(end: IpcEnd, maxPending = defaultMaxPending): Channel<In, Out> {
  let pending = 0
  let dropped = 0
  const post = (message: Out, handle?: BoundHandle) => {
    if (!end.connected || end.send === undefined) return
    pending += 1
    end.send(message, handle, { keepOpen: true }, () => {
      pending -= 1
    })
  }
  return {
    send: post,
    offer(message) {
      if (pending >= maxPending) dropped += 1
      else post(message)
    },
    get dropped() {
      return dropped
    },
    onMessage(call) {
      end.on('message', (message, handle) => call(message as In, (handle as BoundHandle | undefined) ?? null))
    },
    onClosed(call) {
      end.on('disconnect', call)
    },
    close() {
      if (end.connected) end.disconnect?.()
    },
  }
}
