import type { Socket } from 'node:net'
import type { Clock } from '../../resilience/drive.ts'
import { within } from '../../resilience/within.ts'
import { waitUntil } from '../wait-until.ts'
import { ClientSession } from './client-session.ts'
import type { SessionContext } from './session-context.ts'

/** What the end of a run's leases came to. */
export interface LeasesEnd {
  /** Sessions in a transaction, or running a statement, that are certainly ended. */
  readonly rolledBack: number
  /** Server sessions that could not be brought to confirm their end. */
  readonly stillOpen: number
}

/** Client connections of one run. */
export interface RunClients {
  readonly run: number
  readonly connections: number
  readonly paused: number
}

/** All clients of the gateway. */
export class ClientSessions {
  readonly #clock: Clock
  readonly #sessions = new Set<ClientSession>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  open(socket: Socket, context: SessionContext): void {
    const session: ClientSession = new ClientSession(socket, context, () => this.#sessions.delete(session))
    this.#sessions.add(session)
  }

  byRun(): RunClients[] {
    return [...Map.groupBy(this.#sessions, ({ run }) => run)].map(([run, sessions]) => ({
      run,
      connections: sessions.length,
      paused: sessions.filter(({ paused }) => paused).length,
    }))
  }

  /** Ends all of a run, at work or not. */
  async endRun(run: number, withinMs: number): Promise<LeasesEnd> {
    let rolledBack = 0
    let stillOpen = 0
    const ends = [...this.#sessions]
      .filter((session) => session.run === run)
      .map(async (session) => {
        stillOpen += 1
        const { lease, atWork } = await session.end('run-ended')
        if (lease === 'unknown') return
        stillOpen -= 1
        if (atWork) rolledBack += 1
      })
    await within(this.#clock, Promise.all(ends), withinMs)
    return { rolledBack, stillOpen }
  }

  /** Ends each once it has finished its transaction; answers how many have not by the deadline. */
  async drain(deadlineMs: number): Promise<number> {
    await waitUntil(this.#clock, deadlineMs, () => {
      for (const session of this.#sessions) if (!session.atWork) void session.end('stopping')
      return this.#sessions.size === 0
    })
    return this.#sessions.size
  }

  /** Ends all that are left; answers how many were at work. */
  async cut(withinMs: number): Promise<number> {
    const cut = [...this.#sessions].filter(({ atWork }) => atWork).length
    const ends = [...this.#sessions].map((session) => session.end('stopping'))
    await within(this.#clock, Promise.all(ends), withinMs)
    return cut
  }
}
