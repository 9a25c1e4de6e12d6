import type { BezelEvent } from '../events.ts'
import { nothingAbandoned, type Outside } from '../part.ts'
import { FrontDoor, type FrontDoorSnapshot } from '../front-door/front-door.ts'
import type { FrontDoorSettings } from '../front-door/options.ts'
import type { AccessLog } from '../front-door/ports.ts'
import { EnhancedDatabaseManager, type GatewaySnapshot } from '../gateway/enhanced-database-manager.ts'
import type { GatewaySettings } from '../gateway/options.ts'
import type { Channel } from '../link/channel.ts'
import type { ServingRun, ToDataPlane, ToKeeper } from '../link/messages.ts'
import type { BoundHandle } from '../net/bound-handle.ts'
import { within } from '../resilience/within.ts'
import { isEnding } from '../system/is-ending.ts'
import { openFilesLimit } from '../system/open-files-limit.ts'
import { affordableClients } from './affordable-clients.ts'

export type FromKeeper = ToDataPlane<FrontDoorSettings, GatewaySettings>
export type ForKeeper = ToKeeper<FrontDoorSnapshot, GatewaySnapshot>

/** The fence's bound: after it, a dead run's requests are settled although a session may still be open. */
const fenceMs = 1_000

/** Facts that clients can cause without end, and that may be lost; the others carry state. */
const floods: ReadonlySet<BezelEvent['tag']> = new Set(['RequestRefused', 'QueueFull', 'PoolExhausted', 'LoginRefused', 'RunUnreachable'])

/**
 * Puts front door and gateway together and lets the keeper's messages move them. It decides nothing: the only thing
 * that both parts know of each other is that a run's requests are settled after its leases have ended.
 */
export class DataPlane {
  readonly #link: Channel<FromKeeper, ForKeeper>
  readonly #outside: Outside
  readonly #accessLog: AccessLog | null
  readonly #processGroups = new Map<number, number>()
  #frontDoor: FrontDoor | null = null
  #gateway: EnhancedDatabaseManager | null = null
  /** Resolves once nobody is accepted any more. */
  #accepted: Promise<void> = Promise.resolve()
  /** Called when the log's file has changed. */
  onReopenLog: (path: string) => void = () => {}
  /** Called once everything is closed. */
  onClosed: () => void = () => {}

  constructor(link: Channel<FromKeeper, ForKeeper>, outside: Omit<Outside, 'emit'>, accessLog: AccessLog | null) {
    this.#link = link
    this.#accessLog = accessLog
    this.#outside = {
      clock: outside.clock,
      random: () => outside.random(),
      emit: (event) => (floods.has(event.tag) ? link.offer({ tag: 'Fact', event }) : link.send({ tag: 'Fact', event })),
    }
    link.onMessage((message, handle) => this.#receive(message, handle))
  }

  /** Process groups of the runs that live, as the keeper told them: what must end if the keeper is gone. */
  processGroups(): number[] {
    return [...this.#processGroups.values()]
  }

  #receive(message: FromKeeper, handle: BoundHandle | null): void {
    switch (message.tag) {
      case 'Configure':
        return this.#configure(message)
      case 'Adopt':
        for (const { run, processGroup } of message.runs) this.#processGroups.set(run, processGroup)
        this.#frontDoor?.adopt(message.runs)
        return void this.#gateway?.adopt(message.sessions)
      case 'Listener':
        return void this.#listen(message, handle)
      case 'RunStarting':
        this.#processGroups.set(message.run, message.processGroup)
        return this.#frontDoor?.runStarting(message)
      case 'RunReady':
        this.#processGroups.set(message.run.run, message.run.processGroup)
        return this.#frontDoor?.runReady(message.run)
      case 'DrainRun':
        return void this.#drainRun(message.run)
      case 'PauseRun':
        return this.#frontDoor?.pauseRun(message.run)
      case 'ResumeRun':
        return this.#frontDoor?.resumeRun(message.run)
      case 'RunExited':
        this.#processGroups.delete(message.run)
        this.#link.send({ tag: 'RunHeld', run: message.run, requests: this.#frontDoor?.heldBy(message.run) ?? 0 })
        return this.#frontDoor?.runExited(message.run, message.killed, message.incident, this.#fence(message.run))
      case 'AskSnapshot':
        return this.#link.offer({
          tag: 'Snapshot',
          frontDoor: this.#frontDoor?.snapshot() ?? null,
          gateway: this.#gateway?.snapshot() ?? null,
        })
      case 'ReopenLog':
        return this.onReopenLog(message.path)
      case 'StopAccepting':
        this.#accepted = this.#frontDoor?.stopAccepting() ?? Promise.resolve()
        return
      case 'DrainRequests':
        return void this.#drainRequests(message.withinMs)
      case 'Close':
        return void this.#close(message.withinMs)
    }
  }

  #configure({ era, frontDoor, gateway }: Extract<FromKeeper, { tag: 'Configure' }>): void {
    if (frontDoor !== null) {
      const ports = { isEnding: ({ processGroup }: ServingRun) => isEnding(processGroup), accessLog: this.#accessLog }
      this.#frontDoor = new FrontDoor(this.#withinLimit(frontDoor), this.#outside, ports)
    }
    if (gateway !== null) {
      this.#gateway = new EnhancedDatabaseManager(gateway, this.#outside)
      void this.#gateway.establishSafeConnection()
    }
    this.#link.send({ tag: 'Configured', era })
  }

  #withinLimit(settings: FrontDoorSettings): FrontDoorSettings {
    const wanted = settings.maxConnections
    const openFiles = openFilesLimit()
    const allowed = affordableClients(wanted, openFiles)
    if (openFiles === null || allowed === wanted) return settings
    this.#outside.emit({ tag: 'ClientsLimited', wanted, allowed, openFiles })
    return { ...settings, maxConnections: allowed }
  }

  async #listen({ purpose }: Extract<FromKeeper, { tag: 'Listener' }>, handle: BoundHandle | null): Promise<void> {
    try {
      if (handle === null) throw new Error('no handle came with the message')
      if (purpose.tag === 'Public') await this.#frontDoor?.listen(handle)
      else {
        this.#gateway?.runStarting({ worker: purpose.worker, run: purpose.run })
        await this.#gateway?.listen(purpose.run, purpose.database, handle)
      }
      this.#link.send({ tag: 'Listening', purpose })
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      this.#link.send({ tag: 'ListenFailed', purpose, code })
    }
  }

  async #fence(run: number): Promise<void> {
    if (this.#gateway === null) return
    await within(this.#outside.clock, this.#gateway.endLeases(run), fenceMs)
  }

  async #drainRun(run: number): Promise<void> {
    await this.#frontDoor?.drainRun(run)
    this.#link.send({ tag: 'RunDrained', run })
  }

  async #drainRequests(withinMs: number): Promise<void> {
    await this.#accepted
    const requestsCut = (await this.#frontDoor?.drain(withinMs)) ?? 0
    this.#link.send({ tag: 'Drained', requestsCut })
  }

  async #close(withinMs: number): Promise<void> {
    const deadlineMs = this.#outside.clock.nowMs() + withinMs
    const stopped = await Promise.all([
      this.#frontDoor?.stop(deadlineMs) ?? nothingAbandoned,
      this.#gateway?.stop(deadlineMs) ?? nothingAbandoned,
    ])
    this.#link.send({ tag: 'Closed', transactionsCut: stopped.reduce((sum, { transactions }) => sum + transactions, 0) })
    this.onClosed()
  }
}
