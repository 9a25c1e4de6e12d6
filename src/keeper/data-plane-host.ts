import type { ForKeeper, FromKeeper } from '../data-plane/assemble.ts'
import { BezelError } from '../errors.ts'
import type { ListenerPurpose, ServingRun } from '../link/messages.ts'
import type { BoundHandle } from '../net/bound-handle.ts'
import type { Outside } from '../part.ts'
import { drive, type Driver } from '../resilience/drive.ts'
import {
  dataPlaneDueAt,
  dataPlaneLifeDefaults,
  idleDataPlane,
  stepDataPlane,
  type DataPlaneLife,
  type DataPlaneLifeEffect,
  type DataPlaneLifeEvent,
} from './data-plane.machine.ts'
import type { DataPlaneProcess } from './data-plane-link.ts'
import { Expectations } from './expectations.ts'
import { Standby } from './standby.ts'
import { StateToReplay } from './state-to-replay.ts'

type Configure = Extract<FromKeeper, { tag: 'Configure' }>
export type DataPlaneSnapshot = Extract<ForKeeper, { tag: 'Snapshot' }>

export interface DataPlaneHostPorts {
  /** Starts a process. */
  spawn(onExit: (code: number | null, signal: string | null) => void): DataPlaneProcess
  /** A run ended: how many requests it held. */
  onHeld(run: number, requests: number): void
}

/**
 * The keeper's end of the link: keeps one data plane running, and tells each successor what its predecessor knew.
 * Everything the data plane answers late, or not at all because it died, is bounded here.
 */
export class DataPlaneHost {
  readonly #outside: Outside
  readonly #ports: DataPlaneHostPorts
  readonly #driver: Driver<DataPlaneLife, DataPlaneLifeEvent>
  readonly #replay = new StateToReplay()
  readonly #expected: Expectations
  #settings: Pick<Configure, 'frontDoor' | 'gateway'> = { frontDoor: null, gateway: null }
  #process: DataPlaneProcess | null = null
  readonly #standby: Standby
  #startedAtMs = 0
  #era = 0
  #snapshot: DataPlaneSnapshot | null = null
  #closing = false

  constructor(outside: Outside, ports: DataPlaneHostPorts) {
    this.#outside = outside
    this.#ports = ports
    this.#expected = new Expectations(outside.clock)
    this.#standby = new Standby(outside.clock, () => this.#create())
    this.#driver = drive<DataPlaneLife, DataPlaneLifeEvent, DataPlaneLifeEffect>(
      {
        initial: idleDataPlane,
        step: (state, event, moment) => stepDataPlane(state, event, moment, dataPlaneLifeDefaults),
        dueAt: dataPlaneDueAt,
        due: { tag: 'Due' },
      },
      outside.clock,
      () => outside.random(),
      ({ era }) => this.#spawn(era),
    )
  }

  start(settings: Pick<Configure, 'frontDoor' | 'gateway'>): void {
    this.#settings = settings
    this.#driver.send({ tag: 'Start' })
  }

  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  /** What the data plane last said of itself; null until it has. `askSnapshot` brings a newer one. */
  snapshot(): DataPlaneSnapshot | null {
    return this.#snapshot
  }

  askSnapshot(): void {
    this.#send({ tag: 'AskSnapshot' })
  }

  /** Lets the data plane, and each successor, listen on a bound handle. Rejects with PORT_TAKEN or SYSTEM_REFUSED. */
  async listen(purpose: ListenerPurpose, handle: BoundHandle, withinMs: number): Promise<void> {
    this.#replay.addListener({ purpose, handle })
    const answer = this.#expected.expect(`listen ${nameOf(purpose)}`, withinMs)
    this.#process?.link.send({ tag: 'Listener', purpose }, handle)
    const code = await answer
    if (code === 'ok') return
    throw new BezelError(code === 'EADDRINUSE' ? 'PORT_TAKEN' : 'SYSTEM_REFUSED', `cannot listen for ${nameOf(purpose)}: ${code}`)
  }

  runStarting(worker: number, run: number, processGroup: number): void {
    this.#replay.addRun(worker, run, processGroup)
    this.#send({ tag: 'RunStarting', worker, run, processGroup })
  }

  runReady(run: ServingRun): void {
    this.#replay.serve(run)
    this.#send({ tag: 'RunReady', run })
  }

  /** Resolves when the run's last request is answered, or when no data plane is left that could say so. */
  async drainRun(run: number, withinMs: number): Promise<void> {
    this.#replay.retire(run)
    if (this.#process === null) return
    const answer = this.#expected.expect(`drain ${run}`, withinMs)
    this.#send({ tag: 'DrainRun', run })
    await answer
  }

  /** The log's file was rotated away; `path` is absolute. */
  reopenLog(path: string): void {
    const message = { tag: 'ReopenLog', path } as const
    this.#send(message)
    this.#standby.send(message)
  }

  pauseRun(run: number): void {
    this.#send({ tag: 'PauseRun', run })
  }

  resumeRun(run: number): void {
    this.#send({ tag: 'ResumeRun', run })
  }

  runExited(run: number, killed: boolean, incident: string | null): void {
    this.#replay.removeRun(run)
    this.#expected.settle(`drain ${run}`, 'ok')
    if (this.#process === null) this.#ports.onHeld(run, 0)
    this.#send({ tag: 'RunExited', run, killed, incident })
  }

  /** Closes the public port here and there. A data plane that dies from now on is replaced without its front door. */
  stopAccepting(): void {
    this.#send({ tag: 'StopAccepting' })
    this.#replay.closePublic()
    this.#settings = { ...this.#settings, frontDoor: null }
  }

  /** Resolves with the number of requests that were cut off. */
  async drainRequests(withinMs: number): Promise<number> {
    if (this.#process === null) return 0
    const answer = this.#expected.expect('drained', withinMs)
    this.#send({ tag: 'DrainRequests', withinMs })
    const cut = Number(await answer)
    return Number.isNaN(cut) ? this.#openRequests() : cut
  }

  /** Ends the data plane in order. Resolves with the number of transactions that were cut off. */
  async close(withinMs: number): Promise<number> {
    this.#end()
    if (this.#process === null) return 0
    const answer = this.#expected.expect('closed', withinMs)
    this.#send({ tag: 'Close', withinMs })
    return Number(await answer) || 0
  }

  kill(): void {
    this.#end()
    this.#process?.kill()
  }

  #end(): void {
    this.#closing = true
    this.#driver.send({ tag: 'Stop' })
    this.#standby.stop()
    this.#replay.closeAll()
  }

  /** As the data plane last said: what is cut when it dies without a word. */
  #openRequests(): number {
    const frontDoor = this.#snapshot?.frontDoor
    return frontDoor?.runs.reduce((sum, { outstanding }) => sum + outstanding, frontDoor.requests.waiting) ?? 0
  }

  #send(message: FromKeeper): void {
    this.#process?.link.send(message)
  }

  #spawn(era: number): void {
    this.#startedAtMs = this.#outside.clock.nowMs()
    const active = this.#standby.take() ?? this.#create()
    this.#process = active
    this.#era = era
    active.link.onMessage((message) => {
      if (active === this.#process) this.#receive(message)
    })
    this.#outside.emit({ tag: 'DataPlaneStarted', era, pid: active.pid })
    active.link.send({ tag: 'Configure', era, ...this.#settings })
    for (const { purpose, handle } of this.#replay.listeners()) active.link.send({ tag: 'Listener', purpose }, handle)
    if (era > 1) active.link.send({ tag: 'Adopt', runs: this.#replay.runs(), sessions: this.#replay.takeSessions() })
  }

  #create(): DataPlaneProcess {
    const created = this.#ports.spawn((code, signal) => {
      if (created === this.#process) this.#died(created.pid, code, signal)
      else this.#standby.died(created)
    })
    return created
  }

  #died(pid: number, code: number | null, signal: string | null): void {
    this.#process = null
    // A successor listens on the same handles, and answers for them.
    this.#expected.settleWhere((name) => !name.startsWith('listen '), 'gone')
    if (!this.#closing) this.#outside.emit({ tag: 'DataPlaneDied', era: this.#era, pid, code, signal })
    this.#driver.send({ tag: 'Died', era: this.#era })
  }

  #receive(message: ForKeeper): void {
    switch (message.tag) {
      case 'Configured':
        this.#standby.prepare()
        return this.#outside.emit({
          tag: 'DataPlaneServing',
          era: message.era,
          tookMs: Math.round(this.#outside.clock.nowMs() - this.#startedAtMs),
        })
      case 'Listening':
        return this.#expected.settle(`listen ${nameOf(message.purpose)}`, 'ok')
      case 'ListenFailed':
        return this.#expected.settle(`listen ${nameOf(message.purpose)}`, message.code)
      case 'RunDrained':
        return this.#expected.settle(`drain ${message.run}`, 'ok')
      case 'RunHeld':
        return this.#ports.onHeld(message.run, message.requests)
      case 'Fact':
        this.#replay.note(message.event)
        return this.#outside.emit(message.event)
      case 'Snapshot':
        this.#snapshot = message
        return
      case 'Drained':
        return this.#expected.settle('drained', String(message.requestsCut))
      case 'Closed':
        return this.#expected.settle('closed', String(message.transactionsCut))
    }
  }
}

function nameOf(purpose: ListenerPurpose): string {
  return purpose.tag === 'Public' ? 'public' : `gateway ${purpose.run} ${purpose.database}`
}
