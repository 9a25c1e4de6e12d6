import type { BezelEvent } from '../events.ts'
import type { ServerSession } from '../events/gateway.ts'
import type { ListenerPurpose, LiveRun, ServingRun } from '../link/messages.ts'
import type { BoundHandle } from '../net/bound-handle.ts'

export interface HeldListener {
  readonly purpose: ListenerPurpose
  readonly handle: BoundHandle
}

/** What a data plane must be told at its start, because its predecessor took it along: listeners, runs, server sessions. */
export class StateToReplay {
  readonly #runs = new Map<number, LiveRun>()
  readonly #sessions = new Map<string, ServerSession>()
  readonly #listeners: HeldListener[] = []

  addRun(worker: number, run: number, processGroup: number): void {
    this.#runs.set(run, { worker, run, processGroup, serving: null })
  }

  serve(serving: ServingRun): void {
    this.#runs.set(serving.run, { worker: serving.worker, run: serving.run, processGroup: serving.processGroup, serving })
  }

  /** No new requests: a successor must not give it any either. */
  retire(run: number): void {
    const known = this.#runs.get(run)
    if (known !== undefined) this.#runs.set(run, { ...known, serving: null })
  }

  /** Closes the run's own listeners. */
  removeRun(run: number): void {
    this.#runs.delete(run)
    for (const { purpose, handle } of this.#listeners.slice()) {
      if (purpose.tag !== 'Gateway' || purpose.run !== run) continue
      handle.close()
      this.#listeners.splice(
        this.#listeners.findIndex((held) => held.handle === handle),
        1,
      )
    }
  }

  addListener(listener: HeldListener): void {
    this.#listeners.push(listener)
  }

  /** Closes the public listener: from then on new clients are refused by the kernel. */
  closePublic(): void {
    const at = this.#listeners.findIndex(({ purpose }) => purpose.tag === 'Public')
    if (at !== -1) this.#listeners.splice(at, 1)[0]?.handle.close()
  }

  closeAll(): void {
    for (const { handle } of this.#listeners.splice(0)) handle.close()
  }

  note(event: BezelEvent): void {
    if (event.tag === 'ServerSessionOpened') this.#sessions.set(keyOf(event.session), event.session)
    if (event.tag === 'ServerSessionClosed') this.#sessions.delete(keyOf(event))
  }

  /** The sessions that a dead data plane left; they are its successor's to end, and forgotten here. */
  takeSessions(): ServerSession[] {
    const left = [...this.#sessions.values()]
    this.#sessions.clear()
    return left
  }

  runs(): LiveRun[] {
    return [...this.#runs.values()]
  }

  listeners(): readonly HeldListener[] {
    return this.#listeners
  }
}

function keyOf({ database, pid }: { readonly database: string; readonly pid: number }): string {
  return `${database} ${pid}`
}
