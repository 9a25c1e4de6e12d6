import { randomUUID } from 'node:crypto'
import type { BezelEvent } from '../events.ts'
import type { LiveRun } from '../link/messages.ts'
import type { Abandoned, Outside, Part } from '../part.ts'
import { ProcessRecord } from '../system/process-record.ts'
import { BootGate } from './boot-gate.ts'
import { checkLaunch } from './check-launch.ts'
import { ClusterMemory } from './cluster/cluster-memory.ts'
import { ClusterWatch } from './cluster/cluster-watch.ts'
import { every } from '../resilience/every.ts'
import { FailureBudget } from './failure-budget.ts'
import { MemoryWatch, type MemoryReading } from './memory-watch.ts'
import type { WorkersSettings } from './options.ts'
import type { WorkersPorts } from './ports.ts'
import { Replacements, type Replaced } from './replacements.ts'
import { RollingRestart, type RollingOutcome } from './rolling-restart.ts'
import { StopWait } from './stop-wait.ts'
import { toStatus } from './to-status.ts'
import type { WorkerProcessStatus, WorkersSnapshot, WorkerStatus } from './worker-process-status.ts'
import { WorkerSlot } from './worker-slot.ts'
import type { KillReason } from './worker.ts'

/** Kept of a stop's time for reaping after SIGKILL: at most this, in milliseconds, and a quarter of what is left. */
const reapReserveMs = 500

/**
 * Keeps a number of Ruby processes alive, and tells what becomes of them as facts (`WorkersEvent`).
 * A run's `RunExited` is told only when its process is reaped and its whole process group has got SIGKILL.
 */
export class WorkerProcessManager implements Part<WorkersSnapshot> {
  readonly #settings: WorkersSettings
  readonly #outside: Outside
  readonly #ports: WorkersPorts
  readonly #gate: BootGate
  readonly #budget: FailureBudget
  readonly #memory: MemoryWatch
  readonly #replacements: Replacements
  readonly #rolling: RollingRestart
  readonly #cluster = new ClusterWatch()
  readonly #slots: readonly WorkerSlot[]
  readonly #told = new Map<number, number>()
  #runs = 0
  #hasGivenUp = false
  #disarmTicks: readonly (() => void)[] = []
  #stopping: StopWait<Abandoned> | null = null
  #killedAtStop = 0

  /** Starts nothing yet. `settings.runtimeDir` must exist. */
  constructor(settings: WorkersSettings, outside: Outside, ports: WorkersPorts) {
    const { restart } = settings
    const count = settings.mode === 'cluster' ? 1 : settings.count
    const mark = randomUUID()
    const record = new ProcessRecord(settings.runtimeDir, mark)
    this.#settings = settings
    this.#outside = outside
    this.#ports = ports
    this.#gate = new BootGate(outside.clock, restart.concurrentBoots, restart.bootSpacingMs)
    this.#budget = new FailureBudget(restart.failuresToGiveUp + restart.extraFailuresPerWorker * (count - 1), restart.budgetWindowMs)
    this.#replacements = new Replacements(() => ports.mayReplace())
    this.#rolling = new RollingRestart(settings, outside, ports, this.#cluster, this.#replacements)
    this.#memory = new MemoryWatch(settings, outside, record, new ClusterMemory(settings, outside, this.#cluster), {
      replace: (slot, run) => void this.#replacements.request(slot, run, 'memory'),
    })
    const around = {
      settings,
      clock: outside.clock,
      outside: { clock: outside.clock, random: () => outside.random(), emit: (event: BezelEvent) => this.#emit(event) },
      ports,
      record,
      mark,
      gate: this.#gate,
      nextRun: () => (this.#runs += 1),
      changed: () => this.#look(),
      failed: (slot: WorkerSlot, failures: number) => this.#failed(slot, failures),
    }
    this.#slots = Array.from({ length: count }, (_, index) => new WorkerSlot(index + 1, around))
  }

  /**
   * Begins to bring up all workers; `RunReady` tells of each.
   * @throws BezelError TOOL_NOT_FOUND · SERVER_NOT_FOUND · SOCKET_PATH_TOO_LONG, with nothing started
   */
  start(): void {
    checkLaunch(this.#settings)
    const { memory, childrenEveryMs, mode } = this.#settings
    this.#disarmTicks = [
      every(this.#outside.clock, memory.rssEveryMs, () => void this.monitorWorkerHealth()),
      ...(mode === 'cluster' ? [every(this.#outside.clock, childrenEveryMs, () => this.#watchCluster())] : []),
    ]
    for (const slot of this.#slots) slot.send({ tag: 'Start' })
  }

  /** One round of what is done each second anyway: reads memory, acts on its limits, tells of dropped output. */
  async monitorWorkerHealth(): Promise<readonly WorkerProcessStatus[]> {
    await Promise.all(this.#slots.map((slot) => this.#memory.check(slot)))
    this.#memory.checkAll(this.#slots)
    for (const slot of this.#slots) this.#tellDropped(slot)
    return this.snapshot().workers
  }

  /** Told from outside that a worker is crashing: notes it, takes its run out of rotation, and ends it if it doesn't end itself. */
  handleWorkerCrash(workerId: number, error: Error | string): void {
    const slot = this.#slots[workerId - 1]
    if (slot === undefined) return
    slot.note(slot.run, typeof error === 'string' ? error : error.message)
    if (slot.run !== null) slot.send({ tag: 'Kill', run: slot.run, why: 'crashed' })
  }

  /**
   * A worker that serves is drained and started anew; one that waits goes on waiting, one that was given up starts again.
   * Whatever fails is tried again with growing waits.
   */
  restartWorkerWithBackoff(workerId: number): void {
    this.#slots[workerId - 1]?.send({ tag: 'Restart' })
  }

  /** Reads a worker's memory now, and acts on its limits. Null: no such worker, or no process of it lives. */
  checkMemoryUsage(workerId: number): Promise<MemoryReading | null> {
    const slot = this.#slots[workerId - 1]
    return slot === undefined ? Promise.resolve(null) : this.#memory.check(slot)
  }

  /** While a database's breaker isn't closed: start deadlines stand still, and failed starts don't count towards giving up. */
  startIsPaused(paused: boolean): void {
    for (const slot of this.#slots) slot.send({ tag: 'Pause', paused })
  }

  /** `hang`: its other requests get a bounded time first. `crashed`: its report does. `memory`: at once. */
  killRun(run: number, why: KillReason): void {
    this.#slotOf(run)?.send({ tag: 'Kill', run, why })
  }

  /** Mode `cluster`: the ends of the server's own workers that live now will be told, however soon they come. */
  noteChildren(run: number): void {
    const slot = this.#slotOf(run)
    if (slot !== undefined) this.#cluster.note(slot)
  }

  /** One at a time with all other replacements. */
  drainAndReplace(run: number, why: 'asked' | 'memory'): Promise<Replaced> {
    const slot = this.#slotOf(run)
    return slot === undefined ? Promise.resolve('gone') : this.#replacements.request(slot, run, why)
  }

  /** Replaces every run, one after the other; ends with the first whose successor doesn't become ready. */
  rollingRestart(): Promise<RollingOutcome> {
    return this.#rolling.restart(this.#slots)
  }

  /** Every run whose process lives; those that may get requests say where they listen. */
  liveRuns(): readonly LiveRun[] {
    return this.#slots.flatMap((slot) => slot.liveRun() ?? [])
  }

  snapshot(): WorkersSnapshot {
    const { mode } = this.#settings
    const workers: WorkerStatus[] = this.#slots.map((slot) => toStatus(slot, this.#cluster))
    const ready = this.#slots.filter(({ state }) => state.tag === 'Ready').length
    return { mode, workers, wanted: workers.length, ready, hasGivenUp: this.#hasGivenUp }
  }

  /** No further run starts; those that live go on. For the time between the first signal and `stop`. */
  stopStarting(): void {
    this.#gate.close()
  }

  /** Sends each server its drain signal, and SIGKILL shortly before the deadline. */
  stop(deadlineMs: number): Promise<Abandoned> {
    this.stopStarting()
    const nowMs = this.#outside.clock.nowMs()
    const killAtMs = deadlineMs - Math.min(reapReserveMs, Math.max(0, deadlineMs - nowMs) / 4)
    this.#stopping ??= new StopWait(
      this.#outside.clock,
      () => this.#slots.every(({ state }) => state.tag === 'Stopped'),
      () => this.#endStop(),
    )
    this.#stopping.by(deadlineMs)
    for (const slot of this.#slots) slot.send({ tag: 'Stop', killAtMs })
    this.#stopping.look()
    return this.#stopping.done
  }

  /** SIGKILL to every process group, synchronously: the last resort. */
  killEverything(): void {
    this.stopStarting()
    for (const slot of this.#slots) slot.killNow()
  }

  #slotOf(run: number): WorkerSlot | undefined {
    return this.#slots.find((slot) => slot.run === run)
  }

  #look(): void {
    this.#replacements.look()
    this.#stopping?.look()
  }

  #emit(event: BezelEvent): void {
    if (event.tag === 'RunExited') {
      this.#memory.forget(event.run)
      if (this.#stopping !== null && event.why === 'drain-timeout') this.#killedAtStop += 1
    }
    this.#outside.emit(event)
  }

  /** One worker in a loop is a degraded service while another serves; when none does, it is the end. */
  #failed(slot: WorkerSlot, failures: number): void {
    const isSpent = this.#budget.spend(this.#outside.clock.nowMs())
    if (this.#hasGivenUp || (!isSpent && failures < this.#settings.restart.failuresToGiveUp)) return
    if (this.#slots.some(({ state }) => state.tag === 'Ready')) return
    this.#hasGivenUp = true
    for (const each of this.#slots) each.send({ tag: 'GiveUp' })
    const { worker, lastLines } = slot
    const incident = this.#ports.lastIncidentOf(worker)
    const remedy = [incident === null ? 'bezel incidents' : `bezel incidents ${incident}`]
    this.#emit({ tag: 'WorkersGaveUp', worker, failures, failedStarts: this.#budget.spent, lastLines, remedy })
  }

  #watchCluster(): void {
    for (const slot of this.#slots) {
      const pids = this.#cluster.look(slot)
      const { worker, run, uptimeMs } = slot
      if (pids.length === 0 || run === null) continue
      // One that crashed has written its report.
      slot.readOutput()
      this.#emit({ tag: 'ClusterWorkersEnded', worker, run, pids, total: this.#cluster.deaths, uptimeMs: uptimeMs ?? 0 })
    }
  }

  #tellDropped({ worker, run, droppedBytes }: WorkerSlot): void {
    const bytes = droppedBytes - (this.#told.get(worker) ?? 0)
    if (bytes === 0 || run === null) return
    this.#told.set(worker, droppedBytes)
    this.#emit({ tag: 'OutputDropped', worker, run, bytes })
  }

  #endStop(): Abandoned {
    for (const disarm of this.#disarmTicks) disarm()
    const left = this.#slots.filter(({ state }) => state.tag !== 'Stopped')
    for (const slot of left) slot.killNow()
    return { requests: 0, transactions: 0, processes: this.#killedAtStop + left.length }
  }
}
