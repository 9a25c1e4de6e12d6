import { randomBytes } from 'node:crypto'

/** What a cancel request asks for. */
export interface Cancellable {
  /** Cancels what the client's session is running, if anything; resolves when the server has been told. */
  cancel(): Promise<void>
}

/**
 * The cancel keys that clients hold. The process id is the server's own, because clients compare it with what the server says of itself;
 * the secret is ours, so that a key outlives the server connection and never reaches another client's statement.
 */
export class CancelKeys {
  #sessions = new Map<string, Cancellable>()

  /** `bytes`: 4 in protocol 3.0. */
  issue(pid: number, bytes: number, session: Cancellable): Buffer {
    for (;;) {
      const secret = randomBytes(bytes)
      const key = keyOf(pid, secret)
      if (this.#sessions.has(key)) continue
      this.#sessions.set(key, session)
      return secret
    }
  }

  revoke(pid: number, secret: Buffer): void {
    this.#sessions.delete(keyOf(pid, secret))
  }

  /** Does nothing for a key that isn't known, and doesn't tell. */
  async cancel(pid: number, secret: Buffer): Promise<void> {
    await this.#sessions.get(keyOf(pid, secret))?.cancel()
  }
}

function keyOf(pid: number, secret: Buffer): string {
  return `${pid}:${secret.toString('hex')}`
}
