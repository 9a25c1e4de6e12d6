import { nothingAbandoned, type Abandoned, type Outside } from '../part.ts'
import { drive, type Driver } from '../resilience/drive.ts'
import type { ShutdownSettings } from './options.ts'
import type { ShutdownPorts } from './ports.ts'
import { running, shutdownDueAt, stepShutdown, type Shutdown, type ShutdownEffect, type ShutdownEvent } from './shutdown.machine.ts'

/** A phase that ignores its deadline gets this much grace before the next one starts without it. */
const lateGraceMs = 250

export interface ShutdownSnapshot {
  readonly state: 'running' | 'stopping' | 'ended'
  readonly phase: string | null
}

/**
 * Signals in, ordered and bounded phases out. Nothing here runs in a trap context: Node hands a signal to its event
 * loop, so logging, locking and waiting are allowed.
 */
export class GracefulSignalHandler {
  readonly #deadlineMs: number
  readonly #outside: Outside
  readonly #ports: ShutdownPorts
  readonly #driver: Driver<Shutdown, ShutdownEvent>
  #removeHandlers: (() => void)[] = []
  #ended: (code: number) => void = () => {}
  /** Resolves with the exit code once the last phase is over. */
  readonly ended: Promise<number>

  constructor(settings: ShutdownSettings, outside: Outside, ports: ShutdownPorts) {
    this.#deadlineMs = settings.deadlineMs
    this.#outside = outside
    this.#ports = ports
    this.ended = new Promise((resolve) => (this.#ended = resolve))
    const policy = { deadlineMs: settings.deadlineMs, phases: ports.phases }
    this.#driver = drive(
      {
        initial: running,
        step: (state, event, moment) => stepShutdown(state, event, moment, policy),
        dueAt: shutdownDueAt,
        due: { tag: 'Due' },
      },
      outside.clock,
      () => outside.random(),
      (effect) => this.#perform(effect),
    )
  }

  /** SIGTERM and SIGINT stop, a second one stops at once; SIGHUP reloads; SIGUSR1 restarts the workers one by one. Idempotent. */
  setupSignalHandlers(): void {
    if (this.#removeHandlers.length > 0) return
    const ports = this.#ports
    this.#removeHandlers = [
      ports.process.onSignal('SIGTERM', () => this.#driver.send({ tag: 'Signalled', signal: 'SIGTERM' })),
      ports.process.onSignal('SIGINT', () => this.#driver.send({ tag: 'Signalled', signal: 'SIGINT' })),
      ports.process.onSignal('SIGHUP', () => ports.reload()),
      ports.process.onSignal('SIGUSR1', () => ports.rollingRestart()),
    ]
  }

  /**
   * Starts the way down without a signal. `code` is the exit code if nothing has to be cut off, 75 otherwise.
   * A later call changes nothing. Resolves with the exit code.
   */
  initiateGracefulShutdown(code = 0): Promise<number> {
    this.#driver.send({ tag: 'Asked', code })
    return this.ended
  }

  /** SIGKILL to everything that was started, now. */
  cleanupResources(): void {
    this.#ports.killEverything()
  }

  /** Everything is killed after `timeoutMs` (exit 75), unless an orderly shutdown has ended by then. */
  forceShutdownAfterTimeout(timeoutMs = this.#deadlineMs): Promise<number> {
    this.#driver.send({ tag: 'ForceArmed', atMs: this.#outside.clock.nowMs() + timeoutMs })
    return this.ended
  }

  snapshot(): ShutdownSnapshot {
    const state = this.#driver.state()
    if (state.tag === 'Running') return { state: 'running', phase: null }
    if (state.tag === 'Ended') return { state: 'ended', phase: null }
    return { state: 'stopping', phase: this.#ports.phases[state.phase]?.name ?? null }
  }

  /** Removes the signal handlers and the timer; what was asked to stop goes on stopping. */
  stop(): Promise<Abandoned> {
    this.#driver.stop()
    this.#release()
    return Promise.resolve(nothingAbandoned)
  }

  #perform(effect: ShutdownEffect): void {
    switch (effect.tag) {
      case 'RunPhase':
        return void this.#runPhase(effect.phase, effect.deadlineMs)
      case 'KillEverything':
        return this.cleanupResources()
      case 'Exit':
        this.#outside.emit({
          tag: 'Stopped',
          exitCode: effect.code,
          requestsCut: effect.abandoned.requests,
          transactionsCut: effect.abandoned.transactions,
        })
        this.#driver.stop()
        this.#release()
        this.#ended(effect.code)
        return this.#ports.process.exit(effect.code)
    }
  }

  async #runPhase(phase: number, deadlineMs: number): Promise<void> {
    const outside = this.#outside
    const chosen = this.#ports.phases[phase]
    if (chosen === undefined) return
    const leftMs = deadlineMs - outside.clock.nowMs()
    if (!chosen.isIdle()) {
      const state = this.#driver.state()
      const wholeMs = (state.tag === 'Stopping' ? state.endMs : deadlineMs) - outside.clock.nowMs()
      outside.emit({ tag: 'ShutdownPhase', phase: chosen.name, leftMs: Math.max(0, Math.round(wholeMs)) })
    }
    // The machine's alarm stands at the deadline; the phase is told an earlier one, so that its answer still counts.
    const abandoned = await chosen.run(deadlineMs - Math.min(lateGraceMs, leftMs / 4)).catch(() => ({ ...nothingAbandoned, processes: 1 }))
    this.#driver.send({ tag: 'PhaseEnded', phase, abandoned })
  }

  #release(): void {
    for (const remove of this.#removeHandlers.splice(0)) remove()
  }
}
