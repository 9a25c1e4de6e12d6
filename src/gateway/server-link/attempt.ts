import type { Socket } from 'node:net'
import type { Clock } from '../../resilience/drive.ts'
import { toConnectFailure, type ConnectFailure, type ConnectStage } from './connect-failure.ts'

export interface ConnectOptions {
  /** How long the whole of connecting, TLS, authentication and start-up may take, in milliseconds; more than 0. */
  readonly connectTimeoutMs: number
  readonly clock: Clock
  /** Gives up at once; the promise then resolves to `Unreachable` with errno `ABORT_ERR`. */
  readonly signal?: AbortSignal
}

/** Where an attempt stands: what its deadline has to name and to close. */
export class Attempt {
  stage: ConnectStage = 'connect'
  #socket: Socket | null = null
  #over = false

  /** From here on a failure closes this socket; one that was held before is closed now, unless the new one is a layer over it. */
  hold(socket: Socket, layered = false): void {
    if (!layered) this.#socket?.destroy()
    this.#socket = socket
    if (this.#over) socket.destroy()
  }

  /** Closes what is held, now and later. The listener is for what a dying socket still says. */
  abandon(): void {
    this.#over = true
    this.#socket?.on('error', () => {})
    this.#socket?.destroy()
  }
}

/** Runs an attempt to its end, its deadline, or its abortion. A failure leaves nothing open. */
export async function underDeadline<T>(
  { connectTimeoutMs, clock, signal }: ConnectOptions,
  run: (attempt: Attempt) => Promise<T>,
): Promise<T | ConnectFailure> {
  const attempt = new Attempt()
  let cut = (_failure: ConnectFailure) => {}
  const cutOff = new Promise<ConnectFailure>((resolve) => {
    cut = resolve
  })
  const disarm = clock.at(clock.nowMs() + connectTimeoutMs, () => cut({ tag: 'Timeout', afterMs: connectTimeoutMs, stage: attempt.stage }))
  const abort = () => cut({ tag: 'Unreachable', errno: 'ABORT_ERR', text: 'connecting was given up' })
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort, { once: true })

  let done = false
  const finished = run(attempt).then(
    (value) => {
      done = true
      return value
    },
    (error: unknown) => toConnectFailure(error),
  )
  try {
    const result = await Promise.race([finished, cutOff])
    if (!done) attempt.abandon()
    return result
  } finally {
    disarm()
    signal?.removeEventListener('abort', abort)
  }
}
