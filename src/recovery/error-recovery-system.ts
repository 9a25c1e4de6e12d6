import type { InFlightRequest } from '../events/front-door.ts'
import type { ExceptionNote, Finding } from '../formats/crash-report/crash-report.ts'
import { nothingAbandoned, type Abandoned, type Outside, type Part } from '../part.ts'
import type { BreakerPolicy } from '../resilience/breaker.machine.ts'
import { readRssMb } from '../system/proc-fs.ts'
import { explain } from './blame/explain.ts'
import { redactReport } from '../redact.ts'
import { captureStopped, readProcessState } from './capture/capture-process.ts'
import { LastLooks } from './capture/last-looks.ts'
import { OomKills } from './capture/oom-kills.ts'
import { readMemoryLimit } from './capture/read-memory-limit.ts'
import { readSystemState, type SystemState } from './capture/system-state.ts'
import { decideDegradation, normal, type Condition, type Degradation } from './degradation/decide-degradation.ts'
import { guardOperation } from './guard-operation.ts'
import { toDiagnosticReport, type DiagnosticReport } from './incidents/diagnostic-report.ts'
import { toIncidentHead, type Incident, type IncidentRun } from './incidents/incident.ts'
import { IncidentRecorder } from './incidents/incident-recorder.ts'
import { IncidentStore } from './incidents/incident-store.ts'
import type { RecoverySettings } from './options.ts'
import type { RecoveryPorts } from './ports.ts'
import { lastLineBytes, readLastLine } from './watch/read-last-line.ts'
import { readUncaught } from './watch/read-uncaught.ts'
import { RunWatch, type RunWatchEffect, type WatchedRun } from './watch/run-watch.ts'

export interface RecoverySnapshot {
  readonly degradation: Degradation
  /** Incidents recorded since the start. */
  readonly incidents: number
  /** Incidents that could not be saved. */
  readonly unwritten: number
  readonly lastIncident: string | null
}

interface Watched {
  readonly watch: RunWatch
  readonly startedAtMs: number
  /** The end of its standard output. */
  stdout: Buffer
  ready: boolean
  memoryLimit: string | null
  /** Fingerprints of the troubles that were recorded while it lived. */
  readonly survived: Set<string>
}

/** What is known of a run before anything is explained. */
type Known = Omit<Incident, 'explanation' | 'requests' | 'cause' | 'report'>

interface Unsettled {
  readonly known: Known
  /** What it wrote to standard error. */
  readonly output: Buffer
  readonly lastLine: string | null
  readonly findings: readonly Finding[]
  readonly memoryLimit: string | null
  readonly oomKilled: boolean | null
  readonly disarm: () => void
}

/**
 * From a dying run's stderr to an incident that names the culprit: watches for the report's first line, reads /proc
 * while the process is stopped, explains the death, records it with the requests that were in flight.
 */
export class ErrorRecoverySystem implements Part<RecoverySnapshot> {
  readonly store: IncidentStore
  readonly #settings: RecoverySettings
  readonly #outside: Outside
  readonly #ports: RecoveryPorts
  readonly #watched = new Map<number, Watched>()
  readonly #unsettled = new Map<number, Unsettled>()
  readonly #recorder: IncidentRecorder
  readonly #oomKills: OomKills
  readonly #looks: LastLooks
  #degradation = normal

  constructor(settings: RecoverySettings, outside: Outside, ports: RecoveryPorts) {
    this.#settings = settings
    this.#outside = outside
    this.#ports = ports
    this.store = new IncidentStore(settings.incidentsDir, settings.keepIncidents, settings.spareIncidentsDir)
    this.#recorder = new IncidentRecorder(this.store, (event) => outside.emit(event))
    this.#oomKills = new OomKills(() => ports.oomKills())
    this.#looks = new LastLooks((pid) => readProcessState(pid, settings.maxStateEntries), settings.lookEveryMs)
  }

  /** Whether incidents can be saved, tried by writing. Tells a fact when their own folder can't be written: to be called at the start. */
  checkIncidentsFolder(): void {
    const { path: spare, refusal } = this.store.check()
    if (refusal === null) return
    const { incidentsDir: folder } = this.#settings
    const remedy = ['set incidents.folder in bezel.yml to a folder that lasts and that bezel may write to']
    this.#outside.emit({ tag: 'IncidentsFolderRefused', folder, refusal, spare, remedy })
  }

  /** Whether an incident could be saved now. */
  canSave(): boolean {
    return this.store.check().path !== null
  }

  /** From now on `readStderr` and `handleSegmentationFault` know this run. */
  watchRun({ worker, run, pid }: WatchedRun): void {
    const watched = { worker, run, pid }
    this.#watched.set(run, {
      watch: new RunWatch(watched, this.#settings, this.#outside, (effect) => this.#perform(watched, effect)),
      startedAtMs: this.#outside.clock.nowMs(),
      stdout: Buffer.alloc(0),
      ready: false,
      memoryLimit: null,
      survived: new Set(),
    })
    this.#looks.look(pid, this.#outside.clock.nowMs())
  }

  /** It answered: its program has begun, under whatever limits it was given. */
  runReady(run: number): void {
    const watched = this.#watched.get(run)
    if (watched === undefined) return
    watched.ready = true
    watched.memoryLimit ??= readMemoryLimit(watched.watch.run.pid)
    this.#looks.look(watched.watch.run.pid, this.#outside.clock.nowMs())
  }

  readStderr(run: number, chunk: Buffer): void {
    const watched = this.#watched.get(run)
    if (watched === undefined) return
    if (!watched.ready) watched.memoryLimit ??= readMemoryLimit(watched.watch.run.pid)
    watched.watch.push(chunk)
  }

  /** Of it only the last line counts, where standard error is empty. */
  readStdout(run: number, chunk: Buffer): void {
    const watched = this.#watched.get(run)
    if (watched === undefined) return
    const tail = chunk.length >= lastLineBytes ? chunk : Buffer.concat([watched.stdout, chunk])
    watched.stdout = Buffer.from(tail.subarray(Math.max(0, tail.length - lastLineBytes)))
  }

  /**
   * A run ended and nobody had asked for it; or it goes on, and one of its own workers ended (`exit` and `why` are null then). Returns the id of the incident; `settleRequests` or a bound of time completes it.
   * Named as in the specification: a segmentation fault is what it most often is.
   */
  handleSegmentationFault(death: IncidentRun): string {
    const watched = this.#watched.get(death.run)
    watched?.watch.stop()
    this.#watched.delete(death.run)
    const known = this.#begin(death, watched ?? null)
    this.#looks.forget(watched?.watch.run.pid ?? death.pid)
    const { clock } = this.#outside
    const output = watched?.watch.text() ?? Buffer.alloc(0)
    this.#unsettled.set(death.run, {
      known,
      output,
      lastLine: readLastLine(output) ?? readLastLine(watched?.stdout ?? Buffer.alloc(0)),
      findings: watched?.watch.findings() ?? [],
      memoryLimit: watched?.memoryLimit ?? null,
      oomKilled: this.#oomKills.struckLately(),
      disarm: clock.at(clock.nowMs() + this.#settings.settleWithinMs, () => this.#settle(death.run, null, null)),
    })
    return known.id
  }

  /** What the front door said was in flight when this run died. */
  settleRequests(run: number, requests: readonly InFlightRequest[], cause: string | null): void {
    this.#settle(run, requests, cause)
  }

  /** The run ended as asked: only what it survived is to be explained. */
  forgetRun(run: number): void {
    const watched = this.#watched.get(run)
    if (watched === undefined) return
    watched.watch.close()
    this.#watched.delete(run)
    this.#looks.forget(watched.watch.run.pid)
  }

  /** The machine and every watched run, read now without stopping anything. */
  captureSystemState(): SystemState {
    const runs = [...this.#watched.values()].map(({ watch }) => watch.run)
    return readSystemState(runs, this.#settings.maxStateEntries)
  }

  /**
   * Wraps an operation in a circuit breaker: after enough failures in a row it is refused without being tried, then one
   * probe at a time is let through. The returned function rejects with CIRCUIT_OPEN while it refuses.
   */
  implementCircuitBreaker<T>(operation: () => Promise<T>, policy?: BreakerPolicy): () => Promise<T> {
    return guardOperation(operation, this.#outside, policy)
  }

  /** Looks at the ladder anew, about each second; tells a fact when the rung changes. */
  observe(condition: Condition): Degradation {
    this.#oomKills.sample()
    const pids = [...this.#watched.values()].map(({ watch }) => watch.run.pid)
    this.#looks.renew(pids, this.#outside.clock.nowMs())
    const next = decideDegradation(condition)
    const previous = this.#degradation
    this.#degradation = next
    if (next.level !== previous.level) {
      this.#outside.emit({ tag: 'DegradationChanged', from: previous.level, to: next.level, why: next.why, wayBack: next.wayBack })
    }
    return next
  }

  /** The recorded incidents, repeats grouped, with what to do about each. */
  generateDiagnosticReport(): DiagnosticReport {
    return toDiagnosticReport(this.store.list(this.#settings.keepIncidents), this.#degradation)
  }

  /** Id of the newest incident of one worker; null: it had none since the start. */
  lastIncidentOf(worker: number): string | null {
    return this.#recorder.lastOf(worker)
  }

  snapshot(): RecoverySnapshot {
    return { degradation: this.#degradation, ...this.#recorder.snapshot() }
  }

  /** Records what is still unsettled. */
  stop(): Promise<Abandoned> {
    for (const run of this.#unsettled.keys()) this.#settle(run, null, null)
    for (const run of this.#watched.keys()) this.forgetRun(run)
    return Promise.resolve(nothingAbandoned)
  }

  #perform(run: WatchedRun, effect: RunWatchEffect): void {
    switch (effect.tag) {
      case 'TellSuspected':
        return this.#outside.emit({ tag: 'CrashSuspected', run: run.run, line: effect.line.slice(0, 500) })
      case 'TellDismissed':
        return this.#outside.emit({ tag: 'CrashDismissed', run: run.run })
      case 'TellConfirmed': {
        const state = captureStopped(run.pid, this.#settings.maxStateEntries, this.#ports.signal)
        this.#looks.keep(run.pid, state, this.#outside.clock.nowMs())
        return this.#outside.emit({ tag: 'CrashConfirmed', run: run.run })
      }
      case 'AskRun':
        return void this.#ask(run)
      case 'TellTrouble':
        return this.#recordTrouble(run, effect.note)
    }
  }

  async #ask(run: WatchedRun): Promise<void> {
    const answers = await this.#ports.answers(run.run).catch(() => false)
    this.#watched.get(run.run)?.watch.answered(answers)
  }

  #begin(run: IncidentRun, watched: Watched | null): Known {
    const head = toIncidentHead(run, this.#ports.wallTimeMs(), this.#outside.random())
    // A forked worker's own is unknown: its server's is told.
    const look = this.#looks.of(watched?.watch.run.pid ?? run.pid)
    const stateAgeMs = look === null ? null : Math.round(this.#outside.clock.nowMs() - look.atMs)
    return { ...head, state: look?.state ?? null, stateAgeMs, reportDroppedBytes: watched?.watch.droppedBytes ?? 0 }
  }

  #settle(run: number, requests: readonly InFlightRequest[] | null, cause: string | null): void {
    const unsettled = this.#unsettled.get(run)
    if (unsettled === undefined) return
    unsettled.disarm()
    this.#unsettled.delete(run)
    const { known, output, lastLine, findings, memoryLimit, oomKilled } = unsettled
    const { exit, why, lastRssMb } = known
    const app = this.#ports.app()
    const uncaught = readUncaught(output)
    const evidence = {
      findings,
      exitStatus: exit,
      endedFor: why,
      memoryLimit,
      oomKilled,
      lastRssMb,
      uncaught,
      lastLine,
      requests: requests ?? [],
      app,
    }
    this.#recorder.record({ ...known, explanation: explain(evidence), requests, cause, report: redactReport(output.toString('utf8')) })
  }

  /** The run goes on; what repeats is told once. */
  #recordTrouble({ worker, run, pid }: WatchedRun, note: ExceptionNote): void {
    const watched = this.#watched.get(run)
    if (watched === undefined) return
    const { ready, memoryLimit, startedAtMs, watch, survived } = watched
    const explanation = explain({ findings: [note], memoryLimit })
    if (survived.has(explanation.fingerprint)) return
    survived.add(explanation.fingerprint)
    const uptimeMs = this.#outside.clock.nowMs() - startedAtMs
    this.#looks.look(pid, this.#outside.clock.nowMs())
    const known = this.#begin({ worker, run, pid, exit: null, why: null, ready, uptimeMs, lastRssMb: readRssMb(pid) }, watched)
    this.#recorder.record({
      ...known,
      explanation: explain({ findings: [note], memoryLimit, app: this.#ports.app() }),
      requests: null,
      cause: null,
      report: redactReport(watch.text().toString('utf8')),
    })
  }
}
