import type { Socket } from 'node:net'
import { drive, type Driver } from '../../resilience/drive.ts'
import { createLogin, type Login } from '../pool/pool-key.ts'
import type { RefusalWhy } from '../pool/pool-state.ts'
import { untouched } from '../server/clean-session.ts'
import type { LeaseHolder } from '../server/lease-holder.ts'
import type { ServerConnection } from '../server/server-connection.ts'
import type { LeaseEnd } from '../server/server-pool.ts'
import { SessionState } from '../session-state/session-state.ts'
import { applicationName } from './application-name.ts'
import {
  createSessionMachine,
  type ClientSession as Life,
  type Loss,
  type SessionEffect,
  type SessionEnd,
  type SessionEvent,
  type Told,
} from './client-session.machine.ts'
import { describeSession } from './describe-session.ts'
import type { Introduction } from './greeting.ts'
import { prepareConnection } from './prepare-connection.ts'
import { Reception } from './reception.ts'
import { Relay } from './relay.ts'
import type { SessionContext } from './session-context.ts'
import { tell } from './told.ts'
import { welcome } from './welcome.ts'

/** Longest time for settings and replay on a new connection, and to find out whether a server is away, in milliseconds. */
const prepareTimeoutMs = 5_000
const judgeTimeoutMs = 2_000
/** A client that doesn't read its farewell is cut off after this long, in milliseconds. */
const farewellMs = 1_000

/** What the end of a session left on the server. */
export interface SessionOutcome {
  readonly lease: LeaseEnd
  /** A transaction was open, or a statement running. */
  readonly atWork: boolean
}

const nothingLeft: SessionOutcome = { lease: 'clean', atWork: false }

/** One client of the gateway, from its connect to its end. */
export class ClientSession implements LeaseHolder {
  readonly run: number
  readonly #socket: Socket
  readonly #context: SessionContext
  readonly #reception: Reception
  readonly #life: Driver<Life, SessionEvent>
  readonly #sinceMs: number
  #introduction: Introduction | null = null
  #login: Login | null = null
  #server: { readonly id: number; readonly connection: ServerConnection } | null = null
  #state: SessionState | null = null
  #relay: Relay | null = null
  #key: { readonly pid: number; readonly secret: Buffer } | null = null
  #refusal: Buffer | null = null
  #lost: string | null = null
  #violation: string | null = null
  #askedMs = 0
  #lastSpokeMs: number
  #outcome: Promise<SessionOutcome> = Promise.resolve(nothingLeft)
  #onEnd: () => void

  /** `onEnd` is called once, when the client is closed. */
  constructor(socket: Socket, context: SessionContext, onEnd: () => void) {
    this.#socket = socket
    this.#context = context
    this.run = context.run
    this.#onEnd = onEnd
    this.#reception = new Reception(socket, context.database.target.user, {
      introduced: (introduction) => this.#introduce(introduction),
      cancel: (pid, secret) => context.cancelKeys.cancel(pid, secret),
      over: () => this.#life.send({ tag: 'End', why: 'refused' }),
      violated: (text) => this.#violate(text),
    })
    const { outside, settings } = context
    this.#sinceMs = this.#lastSpokeMs = outside.clock.nowMs()
    // A preparation ends by its own deadline first: then another connection takes its place.
    const policy = { ...settings, prepareTimeoutMs: prepareTimeoutMs + 1_000, judgeTimeoutMs }
    this.#life = drive(
      createSessionMachine(this.#sinceMs, policy),
      outside.clock,
      () => outside.random(),
      (effect) => this.#perform(effect),
    )
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('drain', () => this.#relay?.onClientDrain())
    socket.on('error', () => this.#life.send({ tag: 'ClientGone' }))
    socket.on('end', () => this.#life.send({ tag: 'ClientGone' }))
    socket.on('close', () => this.#life.send({ tag: 'ClientGone' }))
  }

  /** Inside a transaction, or owed an answer: what a stop would cut off. */
  get atWork(): boolean {
    return this.#relay !== null && (this.#relay.busy || this.#state?.inTransaction === true)
  }

  get paused(): boolean {
    return this.#life.state().tag === 'Paused'
  }

  /** Ends the session now; resolves when its server connection is clean or given up. */
  end(why: SessionEnd): Promise<SessionOutcome> {
    this.#life.send({ tag: 'End', why })
    return this.#outcome
  }

  /** Only while this very session runs something, so that no other client's statement can be hit. */
  async cancel(): Promise<void> {
    const life = this.#life.state()
    if (life.tag === 'Serving' && this.#relay?.busy) await this.#context.server.pool.cancel(life.server)
  }

  describe(): string {
    const nowMs = this.#context.outside.clock.nowMs()
    return describeSession({
      worker: this.#context.worker(),
      run: this.run,
      applicationName: this.#introduction?.applicationName,
      busy: this.#relay?.busy === true,
      inTransaction: this.#state?.inTransaction === true,
      quietMs: nowMs - this.#lastSpokeMs,
      connectedMs: nowMs - this.#sinceMs,
    })
  }

  granted(lease: number, id: number, connection: ServerConnection): void {
    this.#server = { id, connection }
    this.#life.send({ tag: 'Granted', lease, server: id })
  }

  refused(lease: number, why: RefusalWhy, bytes: Buffer | null): void {
    this.#refusal = bytes
    this.#life.send({ tag: 'Refused', lease, why })
  }

  #read(chunk: Buffer): void {
    if (this.#relay !== null) {
      this.#lastSpokeMs = this.#context.outside.clock.nowMs()
      return this.#relay.onClientData(chunk)
    }
    this.#reception.read(chunk)
  }

  #introduce(introduction: Introduction): void {
    const { database } = this.#context
    const { user, password, database: name, startup } = introduction
    const { target } = database
    this.#introduction = introduction
    this.#login = createLogin(
      database.name,
      { ...target, user, password: password ?? target.password, database: name ?? target.database },
      startup,
    )
    this.#life.send({ tag: 'StartupRead', lease: this.#context.nextLease() })
  }

  #violate(text: string): void {
    this.#violation = text
    this.#life.send({ tag: 'End', why: 'protocol-violation' })
  }

  #perform(effect: SessionEffect): void {
    const { server } = this.#context
    switch (effect.tag) {
      case 'Ask':
        this.#askedMs = this.#context.outside.clock.nowMs()
        if (this.#login !== null) server.pool.ask(effect.lease, this.#login, effect.untilMs, this)
        return
      case 'Withdraw':
        return server.pool.withdraw(effect.lease)
      case 'Prepare':
        return void this.#prepare(effect.server)
      case 'Serve':
        return this.#serve(effect.fresh)
      case 'Judge':
        return void this.#judge(effect.server)
      case 'Release':
        return this.#release(effect.server)
      case 'Tell':
        return this.#tell(effect.about)
      case 'CloseClient':
        return this.#close()
    }
  }

  async #prepare(id: number): Promise<void> {
    const connection = this.#server?.connection
    if (connection === undefined) return
    const { run, outside } = this.#context
    const name = applicationName(this.#introduction?.applicationName, this.#context.worker(), run)
    const preparation = await prepareConnection(connection, name, this.#state?.replay() ?? Buffer.alloc(0), prepareTimeoutMs, outside.clock)
    if (this.#server?.connection !== connection) return
    if (preparation === 'ready') return this.#life.send({ tag: 'Prepared', server: id })
    if (preparation === 'refused') return this.#life.send({ tag: 'PrepareRefused', server: id })
    this.#server = null
    connection.close('did not take over a session in time')
    this.#life.send({ tag: 'ServerLost', server: id, loss: 'movable', fatal: false, lease: this.#context.nextLease() })
  }

  #serve(fresh: boolean): void {
    const connection = this.#server?.connection
    if (connection === undefined) return
    if (fresh) this.#greet(connection)
    else this.#socket.write(this.#state?.moved(connection.parameters) ?? '')
    this.#relay?.attach(connection)
  }

  #greet(connection: ServerConnection): void {
    const { clientRules, settings, cancelKeys } = this.#context
    this.#state = new SessionState(connection.parameters)
    this.#relay = new Relay(this.#socket, this.#state, clientRules, settings.maxUnansweredBytes, {
      spoke: () => this.#life.send({ tag: 'Spoke', lease: this.#context.nextLease() }),
      finished: () => this.#life.send({ tag: 'ClientGone' }),
      violated: (text) => this.#violate(text),
      serverLost: (loss) => this.#serverLost(loss),
    })
    const { pid } = connection
    // Protocol 3.2 has room for a longer one.
    const secret = cancelKeys.issue(pid, (this.#introduction?.minor ?? 0) >= 2 ? 32 : 4, this)
    this.#key = { pid, secret }
    this.#socket.write(welcome(connection.parameters, pid, secret))
  }

  #serverLost(loss: Loss): void {
    const lost = this.#server
    if (lost === null) return
    this.#server = null
    this.#lost = lost.connection.reason
    const { lastWord } = this.#relay ?? { lastWord: null }
    this.#life.send({ tag: 'ServerLost', server: lost.id, loss, fatal: lastWord !== null, lease: this.#context.nextLease() })
  }

  /** A backend that is told to end says the same whether it alone or the whole server is to end. */
  async #judge(id: number): Promise<void> {
    const everybodys = this.#relay?.lastWord?.sqlstate.startsWith('57P0') === true
    const away = everybodys && (await this.#context.server.isAway())
    this.#life.send({ tag: 'Judged', server: id, away, lease: this.#context.nextLease() })
  }

  #release(id: number): void {
    // While it is prepared, an exchange is under way whose end nobody waits for.
    const boundary = this.#relay?.detach() ?? { ...untouched, busy: true }
    const atWork = boundary.busy || boundary.inTransaction
    this.#server = null
    this.#outcome = this.#context.server.pool.release(id, boundary).then((lease) => ({ lease, atWork }))
  }

  #tell(about: Told): void {
    const { server, database } = this.#context
    const own = about === 'login-refused' ? this.#refusal : about === 'server-fatal' ? (this.#relay?.lastWord?.bytes ?? null) : null
    if (own !== null) return void this.#socket.write(own)
    const { state, error, retryInMs } = server.reachability
    const bytes = tell(about === 'server-fatal' ? 'session-lost' : about, {
      database: database.name,
      lost: this.#relay?.lastWord?.message ?? this.#lost,
      carries: this.#state?.why ?? null,
      away: state === 'closed' ? null : (error ?? 'no answer'),
      retryInMs,
      waitedMs: this.#context.outside.clock.nowMs() - this.#askedMs,
      diagnosis: about === 'deadline' || about === 'queue-full' ? server.diagnosis(database.name) : [],
      violation: this.#violation,
    })
    this.#socket.write(bytes)
  }

  #close(): void {
    const { cancelKeys, outside } = this.#context
    if (this.#key !== null) cancelKeys.revoke(this.#key.pid, this.#key.secret)
    this.#life.stop()
    const socket = this.#socket
    const disarm = outside.clock.at(outside.clock.nowMs() + farewellMs, () => socket.destroy())
    socket.removeAllListeners('data')
    socket.once('close', disarm)
    if (socket.destroyed) disarm()
    else socket.end(() => socket.destroy())
    this.#onEnd()
  }
}
