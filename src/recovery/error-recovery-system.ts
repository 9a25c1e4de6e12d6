import { loadavg, totalmem, freemem } from 'node:os'
import type { InFlightRequest } from '../events/front-door.ts'
import type { BezelEvent } from '../events.ts'
import { nothingAbandoned, type Abandoned, type Outside, type Part } from '../part.ts'
import type { BreakerPolicy } from '../resilience/breaker.machine.ts'
import { redact } from './blame/redact.ts'
import { captureStopped, readProcessState, type ProcessState } from './capture/capture-process.ts'
import { guardOperation } from './guard-operation.ts'
import { decideDegradation, normal, type Condition, type Degradation } from './degradation/decide-degradation.ts'
import { explainDeath } from './explain-death.ts'
import { toIncidentId, type Incident } from './incidents/incident.ts'
import { IncidentStore } from './incidents/incident-store.ts'
import type { RecoverySettings } from './options.ts'
import type { RecoveryPorts } from './ports.ts'
import { RunWatch, type WatchedRun } from './watch/run-watch.ts'
import type { SuspicionEffect } from './watch/suspicion.machine.ts'

export type RunDeath = Omit<Extract<BezelEvent, { tag: 'RunExited' }>, 'tag'>

export interface RecoverySnapshot {
  readonly degradation: Degradation
  /** Incidents recorded since the start. */
  readonly incidents: number
  /** Incidents that could not be written to the folder. */
  readonly unwritten: number
  readonly lastIncident: string | null
}

export interface SystemState {
  readonly loadAverage: readonly number[]
  readonly memoryTotalMb: number
  readonly memoryFreeMb: number
  /** One entry a watched run that lives. */
  readonly runs: readonly { readonly worker: number; readonly run: number; readonly state: ProcessState }[]
}

export interface DiagnosticReport {
  readonly degradation: Degradation
  /** Repeats of one fingerprint together, most frequent first. */
  readonly groups: readonly {
    readonly fingerprint: string
    readonly count: number
    readonly first: string
    readonly last: string
    readonly summary: string
    readonly remedy: readonly string[]
    readonly lastIncident: string
  }[]
  readonly unreadable: readonly string[]
}

interface Watched {
  readonly watch: RunWatch
  state: ProcessState | null
}

interface Unsettled {
  readonly incident: Omit<Incident, 'explanation' | 'requests' | 'cause' | 'report'>
  readonly why: RunDeath['why']
  readonly output: Buffer
  readonly disarm: () => void
}

const bytesPerMb = 1_048_576

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
  #degradation = normal
  #incidents = 0
  #unwritten = 0
  #lastIncident: string | null = null

  constructor(settings: RecoverySettings, outside: Outside, ports: RecoveryPorts) {
    this.#settings = settings
    this.#outside = outside
    this.#ports = ports
    this.store = new IncidentStore(settings.incidentsDir, settings.keepIncidents)
  }

  /** From now on `readStderr` and `handleSegmentationFault` know this run. */
  watchRun(run: WatchedRun): void {
    const watched: Watched = {
      watch: new RunWatch(run, this.#settings, this.#outside, (effect) => this.#perform(run, effect)),
      state: null,
    }
    this.#watched.set(run.run, watched)
  }

  readStderr(run: number, chunk: Buffer): void {
    this.#watched.get(run)?.watch.push(chunk)
  }

  /**
   * A run ended and nobody had asked for it. Returns the id of the incident; `settleRequests` or a bound of time completes it.
   * Named as in the specification: a segmentation fault is what it most often is.
   */
  handleSegmentationFault(death: RunDeath): string {
    const watched = this.#watched.get(death.run)
    this.forgetRun(death.run)
    const nowMs = this.#ports.wallTimeMs()
    const incident = {
      id: toIncidentId(nowMs, death.run, this.#outside.random()),
      at: new Date(nowMs).toISOString(),
      worker: death.worker,
      run: death.run,
      pid: death.pid,
      exit: death.exit,
      why: death.why,
      ready: death.ready,
      uptimeMs: Math.round(death.uptimeMs),
      lastRssMb: death.lastRssMb,
      state: watched?.state ?? null,
      reportDroppedBytes: watched?.watch.droppedBytes ?? 0,
    }
    const { clock } = this.#outside
    const disarm = clock.at(clock.nowMs() + this.#settings.settleWithinMs, () => this.#record(death.run, null, null))
    this.#unsettled.set(death.run, { incident, why: death.why, output: watched?.watch.text() ?? Buffer.alloc(0), disarm })
    return incident.id
  }

  /** What the front door said was in flight when this run died. */
  settleRequests(run: number, requests: readonly InFlightRequest[], cause: string | null): void {
    this.#record(run, requests, cause)
  }

  /** The run ended as asked: nothing to explain. */
  forgetRun(run: number): void {
    this.#watched.get(run)?.watch.stop()
    this.#watched.delete(run)
  }

  /** The machine and every watched run, read now without stopping anything. */
  captureSystemState(): SystemState {
    const runs = [...this.#watched.values()].flatMap(({ watch: { run } }) => {
      const state = readProcessState(run.pid, this.#settings.maxStateEntries)
      return state === null ? [] : [{ worker: run.worker, run: run.run, state }]
    })
    return {
      loadAverage: loadavg(),
      memoryTotalMb: Math.round(totalmem() / bytesPerMb),
      memoryFreeMb: Math.round(freemem() / bytesPerMb),
      runs,
    }
  }

  /**
   * Wraps an operation in a circuit breaker: after enough failures in a row it is refused without being tried, then one
   * probe at a time is let through. The returned function rejects with CIRCUIT_OPEN while it refuses.
   */
  implementCircuitBreaker<T>(operation: () => Promise<T>, policy?: BreakerPolicy): () => Promise<T> {
    return guardOperation(operation, this.#outside, policy)
  }

  /** Looks at the ladder anew; tells a fact when the rung changes. */
  observe(condition: Condition): Degradation {
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
    const { incidents, unreadable } = this.store.list(this.#settings.keepIncidents)
    const groups = Map.groupBy(incidents, ({ explanation }) => explanation.fingerprint)
    return {
      degradation: this.#degradation,
      groups: [...groups]
        .flatMap(([fingerprint, members]) => {
          const newest = members[0]
          if (newest === undefined) return []
          const { summary, remedy } = newest.explanation
          return [
            {
              fingerprint,
              count: members.length,
              first: members.at(-1)?.at ?? newest.at,
              last: newest.at,
              summary,
              remedy,
              lastIncident: newest.id,
            },
          ]
        })
        .sort((a, b) => b.count - a.count),
      unreadable,
    }
  }

  snapshot(): RecoverySnapshot {
    return { degradation: this.#degradation, incidents: this.#incidents, unwritten: this.#unwritten, lastIncident: this.#lastIncident }
  }

  /** Records what is still unsettled. */
  stop(): Promise<Abandoned> {
    for (const run of this.#unsettled.keys()) this.#record(run, null, null)
    for (const run of this.#watched.keys()) this.forgetRun(run)
    return Promise.resolve(nothingAbandoned)
  }

  #perform(run: WatchedRun, effect: SuspicionEffect): void {
    switch (effect.tag) {
      case 'TellSuspected':
        return this.#outside.emit({ tag: 'CrashSuspected', run: run.run, line: effect.line.slice(0, 500) })
      case 'TellDismissed':
        return this.#outside.emit({ tag: 'CrashDismissed', run: run.run })
      case 'TellConfirmed': {
        const watched = this.#watched.get(run.run)
        if (watched !== undefined) watched.state = captureStopped(run.pid, this.#settings.maxStateEntries, this.#ports.signal)
        return this.#outside.emit({ tag: 'CrashConfirmed', run: run.run })
      }
      case 'AskRun':
        return void this.#ask(run)
    }
  }

  async #ask(run: WatchedRun): Promise<void> {
    const answers = await this.#ports.answers(run.run).catch(() => false)
    this.#watched.get(run.run)?.watch.answered(answers)
  }

  #record(run: number, requests: readonly InFlightRequest[] | null, cause: string | null): void {
    const unsettled = this.#unsettled.get(run)
    if (unsettled === undefined) return
    unsettled.disarm()
    this.#unsettled.delete(run)
    const { output, why } = unsettled
    const explanation = explainDeath(output, { exit: unsettled.incident.exit, why, requests: requests ?? [] })
    const incident: Incident = { ...unsettled.incident, explanation, requests, cause, report: redact(output.toString('utf8')) }
    this.#incidents += 1
    this.#lastIncident = incident.id
    try {
      this.store.write(incident)
    } catch {
      // A full disk must not cost more than the file: the fact below still tells what happened.
      this.#unwritten += 1
    }
    const { kind, culprit, summary } = explanation
    this.#outside.emit({
      tag: 'IncidentRecorded',
      incident: incident.id,
      kind,
      worker: incident.worker,
      run,
      culprit: culprit?.gem ?? culprit?.library ?? null,
      summary,
    })
  }
}
