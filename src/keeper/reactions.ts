import type { BezelEvent } from '../events.ts'
import type { RunDeath } from '../events/workers.ts'
import type { LiveRun } from '../link/messages.ts'

/** What the facts of one part mean to the others: the only place where parts meet. */
export interface Reactors {
  readonly workers: {
    liveRuns(): readonly LiveRun[]
    killRun(run: number, why: 'hang' | 'crashed'): void
    startIsPaused(paused: boolean): void
  }
  readonly recovery: {
    watchRun(run: { readonly worker: number; readonly run: number; readonly pid: number }): void
    runReady(run: number): void
    forgetRun(run: number): void
    handleSegmentationFault(death: RunDeath): string
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
  /** The run's sockets towards the gateway. */
  closeSockets(run: number): void
}

/** Databases whose breaker isn't closed: while there is one, starts are not judged. */
export class Reactions {
  readonly #on: Reactors
  readonly #away = new Set<string>()
  /** Runs that have begun a crash report: a SIGKILL after it is the keeper's own. */
  readonly #crashing = new Set<number>()

  constructor(reactors: Reactors) {
    this.#on = reactors
  }

  react(event: BezelEvent): void {
    const { workers, recovery, dataPlane, startup } = this.#on
    switch (event.tag) {
      case 'RunStarted':
        recovery.watchRun(event)
        return dataPlane.runStarting(event.worker, event.run, event.pid)
      case 'RunReady': {
        recovery.runReady(event.run)
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
        return dataPlane.pauseRun(event.run)
      case 'CrashDismissed':
        this.#crashing.delete(event.run)
        return dataPlane.resumeRun(event.run)
      case 'CrashConfirmed':
        return workers.killRun(event.run, 'crashed')
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

  #exited(event: RunDeath): void {
    const { recovery, dataPlane } = this.#on
    let incident: string | null = null
    if (event.why === 'asked') recovery.forgetRun(event.run)
    else incident = recovery.handleSegmentationFault(event)
    const crashed = this.#crashing.delete(event.run)
    const killed = event.exit.signal === 'SIGKILL' && event.why !== 'hang' && !crashed
    dataPlane.runExited(event.run, killed, incident)
    this.#on.closeSockets(event.run)
  }
}
