import type { BezelEvent } from '../events.ts'
import type { RunDeath } from '../events/workers.ts'
import type { LiveRun } from '../link/messages.ts'
import type { Clock } from '../resilience/drive.ts'
import { ChildDeaths, type ChildCrash } from './child-deaths.ts'

/** What the facts of one part mean to the others: the only place where parts meet. */
export interface Reactors {
  readonly workers: {
    liveRuns(): readonly LiveRun[]
    killRun(run: number, why: 'hang' | 'crashed'): void
    startIsPaused(paused: boolean): void
    noteChildren(run: number): void
  }
  readonly recovery: {
    watchRun(run: { readonly worker: number; readonly run: number; readonly pid: number }): void
    runReady(run: number): void
    forgetRun(run: number): void
    handleSegmentationFault(death: RunDeath | ChildDeath): string
    settleRequests: (run: number, requests: Extract<BezelEvent, { tag: 'RunSettled' }>['requests'], cause: string | null) => void
  }
  readonly dataPlane: {
    runStarting(worker: number, run: number, processGroup: number): void
    runReady(run: NonNullable<LiveRun['serving']>): void
    pauseRun(run: number): void
    resumeRun(run: number): void
    runExited(run: number, killed: boolean, incident: string | null): void
  }
  readonly startup: {
    dataPlaneIsUp(): void
    workerIsReady(): void
    /** Workers fail on every start. */
    gaveUp(): void
  }
  /** Mode `cluster`: a crash in a run is that of one of the server's own workers, and the run goes on. */
  readonly isCluster: boolean
  /** The run's sockets towards the gateway. */
  closeSockets(run: number): void
  /** What the run writes from now on belongs to no crash report. */
  reportEnded(run: number): void
}

/** One of a run's own workers has crashed; how it ended, only its server knows. */
type ChildDeath = Omit<RunDeath, 'exit' | 'why'> & { readonly exit: null; readonly why: null }

/** Databases whose breaker isn't closed: while there is one, starts are not judged. */
export class Reactions {
  readonly #on: Reactors
  readonly #away = new Set<string>()
  /** Runs that have begun a crash report: a SIGKILL after it is the keeper's own. */
  readonly #crashing = new Set<number>()
  readonly #childDeaths: ChildDeaths

  constructor(reactors: Reactors, clock: Clock) {
    this.#on = reactors
    this.#childDeaths = new ChildDeaths(clock, (crash) => this.#childCrashed(crash))
  }

  react(event: BezelEvent): void {
    const { workers, recovery, dataPlane, startup } = this.#on
    switch (event.tag) {
      case 'RunStarted':
        recovery.watchRun(event)
        if (this.#on.isCluster) this.#childDeaths.started(event)
        return dataPlane.runStarting(event.worker, event.run, event.pid)
      case 'RunReady': {
        recovery.runReady(event.run)
        this.#childDeaths.ready(event.run)
        const serving = workers.liveRuns().find(({ run }) => run === event.run)?.serving
        if (serving !== undefined && serving !== null) dataPlane.runReady(serving)
        return startup.workerIsReady()
      }
      case 'RunExited':
        return this.#exited(event)
      case 'RunSettled':
        return recovery.settleRequests(event.run, event.requests, event.cause)
      case 'RequestOverdue':
        return workers.killRun(event.run, 'hang')
      case 'CrashSuspected':
        this.#crashing.add(event.run)
        // Its writer lives now, and perhaps only until before the next look.
        if (this.#on.isCluster) workers.noteChildren(event.run)
        return dataPlane.pauseRun(event.run)
      case 'CrashDismissed':
        this.#crashing.delete(event.run)
        return dataPlane.resumeRun(event.run)
      case 'CrashConfirmed':
        if (this.#on.isCluster) return this.#childDeaths.reported(event.run)
        return workers.killRun(event.run, 'crashed')
      case 'ClusterWorkersEnded':
        return this.#childDeaths.ended(event)
      case 'WorkersGaveUp':
        return startup.gaveUp()
      case 'DataPlaneServing':
        return startup.dataPlaneIsUp()
      case 'BreakerChanged':
        if (event.state === 'closed') this.#away.delete(event.database)
        else this.#away.add(event.database)
        return workers.startIsPaused(this.#away.size > 0)
      default:
        return
    }
  }

  /** An incident like any other; and the run, with its other workers, is watched anew. */
  #childCrashed({ worker, run, pid, ready, uptimeMs }: ChildCrash): void {
    const { recovery, workers, dataPlane } = this.#on
    this.#crashing.delete(run)
    dataPlane.resumeRun(run)
    this.#on.reportEnded(run)
    const server = workers.liveRuns().find((live) => live.run === run)
    // An earlier one of the same run may not be recorded yet.
    recovery.settleRequests(run, [], null)
    recovery.handleSegmentationFault({ worker, run, pid, exit: null, why: null, ready, uptimeMs, lastRssMb: null })
    if (server === undefined) return
    recovery.watchRun({ worker, run, pid: server.processGroup })
    if (ready) recovery.runReady(run)
  }

  #exited(event: RunDeath): void {
    const { recovery, dataPlane } = this.#on
    let incident: string | null = null
    if (event.why === 'asked') {
      this.#childDeaths.settle(event.run)
      recovery.forgetRun(event.run)
    } else incident = recovery.handleSegmentationFault(event)
    const crashed = this.#crashing.delete(event.run)
    this.#childDeaths.forget(event.run)
    const killed = event.exit.signal === 'SIGKILL' && event.why !== 'hang' && !crashed
    dataPlane.runExited(event.run, killed, incident)
    this.#on.closeSockets(event.run)
  }
}
