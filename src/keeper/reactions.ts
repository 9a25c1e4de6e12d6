import type { BezelEvent } from '../events.ts'
import type { RunDeath } from '../recovery/error-recovery-system.ts'
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
        return dataPlane.pauseRun(event.run)
      case 'CrashDismissed':
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
    dataPlane.runExited(event.run, wasKilled(event), incident)
    this.#on.closeSockets(event.run)
  }
}

function wasKilled({ exit, why }: RunDeath): boolean {
  return exit.signal === 'SIGKILL' && why !== 'crashed' && why !== 'hang'
}
