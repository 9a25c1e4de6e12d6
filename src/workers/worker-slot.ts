import { rmSync } from 'node:fs'
import type { RunEnd } from '../events/workers.ts'
import type { Address, LiveRun } from '../link/messages.ts'
import type { Outside } from '../part.ts'
import { drive, type Driver } from '../resilience/drive.ts'
import { readListeners } from '../system/listeners.ts'
import { readDescendants, readDescriptors } from '../system/proc-fs.ts'
import type { BootGate } from './boot-gate.ts'
import { ErrorHistory } from './error-history.ts'
import { LastWords } from './last-words.ts'
import type { WorkersPorts } from './ports.ts'
import { awaitReady } from './probe-run.ts'
import { describeEnd } from './describe-end.ts'
import { RunProcess, type RunListener, type RunSurroundings } from './run-process.ts'
import { describeUnanswered } from './unanswered.ts'
import { stepWorker } from './worker.machine.ts'
import { idleWorker, liveRunOf, workerDueAt, type Worker, type WorkerEffect, type WorkerMachineEvent } from './worker.ts'

/** What the slots of one manager share. */
export interface SlotSurroundings extends RunSurroundings {
  readonly outside: Outside
  readonly ports: WorkersPorts
  readonly gate: BootGate
  nextRun(): number
  /** After each change of the slot's state. */
  changed(): void
  /** A failure that counts has led to a wait. */
  failed(slot: WorkerSlot, failures: number): void
}

/** Ends that nobody asked for, nor any limit of the settings. */
const crashes: ReadonlySet<RunEnd> = new Set(['crashed', 'start-failed', 'start-timeout', 'hang'])

/** One worker: its machine, the process of its present run, and what is remembered of the earlier ones. */
export class WorkerSlot {
  readonly worker: number
  readonly errors: ErrorHistory
  readonly memory: { rssMb: number | null; pssMb: number | null } = { rssMb: null, pssMb: null }
  crashCount = 0
  starts = 0
  lastRestartAtMs: number | null = null
  readonly #around: SlotSurroundings
  readonly #driver: Driver<Worker, WorkerMachineEvent>
  #process: RunProcess | null = null
  #probing = new AbortController()
  #address: Address | null = null
  #droppedBefore = 0
  #litter: string[] = []
  #refusal = ''
  #lastWords: LastWords

  constructor(worker: number, around: SlotSurroundings) {
    const { settings, outside } = around
    this.worker = worker
    this.errors = new ErrorHistory(settings.errorHistorySize)
    this.#lastWords = new LastWords(settings.lastLinesSize)
    this.#around = around
    this.#driver = drive(
      {
        initial: idleWorker,
        step: (state, event, moment) => {
          const answer = stepWorker(state, event, moment, settings)
          if (answer.state !== state) queueMicrotask(() => around.changed())
          return answer
        },
        dueAt: workerDueAt,
        due: { tag: 'Due' },
      },
      outside.clock,
      () => outside.random(),
      (effect) => this.#perform(effect),
    )
  }

  get state(): Worker {
    return this.#driver.state()
  }

  /** The run that is alive; null between two runs. */
  get run(): number | null {
    return liveRunOf(this.state)
  }

  get livePid(): number | null {
    return this.#process?.livePid ?? null
  }

  get uptimeMs(): number | null {
    return this.#process === null || this.run === null ? null : this.#sinceStart(this.#process)
  }

  get droppedBytes(): number {
    return this.#droppedBefore + (this.#process?.droppedBytes ?? 0)
  }

  /** What the present or the last run said. */
  get lastLines(): readonly string[] {
    return this.#lastWords.read()
  }

  send(event: WorkerMachineEvent): void {
    this.#driver.send(event)
  }

  note(run: number | null, message: string): void {
    this.errors.add(this.#around.ports.wallTimeMs(), run, message)
  }

  /** What the run has written by now is passed on before anything else is told. */
  readOutput(): void {
    this.#process?.readOutput()
  }

  /** SIGKILL now, whatever the machine thinks: the last resort. */
  killNow(): void {
    this.#process?.kill()
  }

  /** As the front door must know it; null while no process lives. */
  liveRun(): LiveRun | null {
    const { worker, run, livePid } = this
    if (run === null || livePid === null) return null
    const { slots, keepAliveTimeoutMs } = this.#around.settings.launch
    const address = this.state.tag === 'Ready' ? this.#address : null
    const serving = address === null ? null : { worker, run, processGroup: livePid, address, slots, keepAliveTimeoutMs }
    return { worker, run, processGroup: livePid, serving }
  }

  #sinceStart({ startedAtMs }: RunProcess): number {
    return Math.round(this.#around.outside.clock.nowMs() - startedAtMs)
  }

  #perform(effect: WorkerEffect): void {
    const { gate, ports, outside, settings } = this.#around
    switch (effect.tag) {
      case 'AskTurn':
        return gate.ask(this.worker, () => this.send({ tag: 'Granted', run: this.#around.nextRun() }))
      case 'LeaveQueue':
        return gate.leave(this.worker)
      case 'Boot':
        return this.#boot(effect.run)
      case 'Drain':
        this.#endBoot()
        outside.emit({ tag: 'RunDraining', worker: this.worker, run: effect.run, why: effect.why })
        // A port that fails has said nothing: the machine's bound decides. So with `heldRequests`.
        return void ports.drained(effect.run).then(
          () => this.send({ tag: 'Drained', run: effect.run }),
          () => {},
        )
      case 'AskHeld':
        return void ports.heldRequests(effect.run).then(
          (held) => this.send({ tag: 'Held', run: effect.run, held }),
          () => {},
        )
      case 'Signal':
        this.#endBoot()
        return this.#process?.signal(settings.launch.drainSignal)
      case 'Kill':
        this.#endBoot()
        this.#tellUnanswered(effect.run)
        return this.#process?.kill()
      case 'TellReady':
        return this.#tellReady(effect.run)
      case 'TellEnded':
        return this.#tellEnded(effect.run, effect.why, effect.wasReady)
      case 'TellScheduled':
        outside.emit({ tag: 'RestartScheduled', worker: this.worker, inMs: effect.inMs, failures: effect.failures })
        return effect.counted ? this.#around.failed(this, effect.failures) : undefined
    }
  }

  #endBoot(): void {
    this.#probing.abort()
    this.#around.gate.done(this.worker)
  }

  #boot(run: number): void {
    this.#droppedBefore = this.droppedBytes
    this.starts += 1
    if (this.starts > 1) this.lastRestartAtMs = this.#around.ports.wallTimeMs()
    this.memory.rssMb = null
    this.memory.pssMb = null
    this.#address = null
    this.#refusal = ''
    this.#probing = new AbortController()
    this.#process = new RunProcess(this.worker, run, this.#around, this.#listenTo(run))
    void this.#process.start()
  }

  #listenTo(run: number): RunListener {
    const { outside, ports, settings } = this.#around
    const words = new LastWords(settings.lastLinesSize)
    this.#lastWords = words
    return {
      spawned: (pid, address) => {
        this.#address = address
        outside.emit({ tag: 'RunStarted', worker: this.worker, run, pid })
        void this.#awaitReady(run, pid, address)
      },
      output: (stream, chunk) => {
        words.push(chunk)
        ports.onOutput(run, stream, chunk)
      },
      exited: () => this.send({ tag: 'Exited', run }),
      outputEnded: () => ports.outputEnded(run),
    }
  }

  async #awaitReady(run: number, pid: number, address: Address): Promise<void> {
    const { outside, settings } = this.#around
    const isReady = await awaitReady(address, settings.readiness, outside.clock, this.#probing.signal, {
      isOurs: () => isListening(pid, address),
      refused: (why) => {
        if (why !== this.#refusal) this.note(run, `not ready: ${why}`)
        this.#refusal = why
      },
    })
    if (isReady) this.send({ tag: 'Answered', run })
  }

  #tellReady(run: number): void {
    this.#endBoot()
    this.#litter = findLitter(this.livePid, this.#around.settings.launch.litter)
    this.#around.outside.emit({ tag: 'RunReady', worker: this.worker, run, pid: this.livePid ?? 0, bootMs: this.uptimeMs ?? 0 })
  }

  #tellUnanswered(run: number): void {
    const { state } = this
    const address = this.#address
    if (state.tag !== 'Killed' || state.why !== 'start-timeout' || address === null) return
    const { settings, outside } = this.#around
    const told = describeUnanswered(this.livePid, address, settings.launch.listens, this.#refusal)
    outside.emit({ tag: 'RunUnanswered', worker: this.worker, run, ...told })
  }

  #tellEnded(run: number, why: RunEnd, wasReady: boolean): void {
    this.#endBoot()
    const process = this.#process
    if (process === null) return
    for (const path of this.#litter.splice(0)) rmSync(path, { force: true })
    const { exit, error } = process.end
    if (crashes.has(why)) this.crashCount += 1
    if (why !== 'asked') this.note(run, error ?? describeEnd(exit, why))
    const uptimeMs = this.#sinceStart(process)
    this.#around.outside.emit({
      tag: 'RunExited',
      worker: this.worker,
      run,
      pid: process.pid ?? 0,
      exit,
      why,
      ready: wasReady,
      uptimeMs,
      lastRssMb: this.memory.rssMb,
    })
  }
}

/** True as well where the kernel doesn't let us see: a run is not refused for what can't be known. */
function isListening(pid: number, address: Address): boolean {
  if (address.tag === 'Unix') return true
  const pids = [pid, ...readDescendants(pid)]
  const isOurs = readListeners(pids).some((listener) => listener.tag === 'Tcp' && listener.port === address.port)
  return isOurs || pids.every((each) => readDescriptors(each).size === 0)
}

function findLitter(pid: number | null, pattern: string | null): string[] {
  if (pid === null || pattern === null) return []
  const litter = new RegExp(pattern)
  return readListeners([pid]).flatMap((listener) => (listener.tag === 'Unix' && litter.test(listener.path) ? [listener.path] : []))
}
