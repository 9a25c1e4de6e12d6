import { BezelError, consequenceOf } from '../errors.ts'
import { idleStartup, stepStartup, type Startup, type StartupEffect, type StartupEvent, type StartupPolicy } from './startup.machine.ts'

/** What the steps of a start are made of. A step that rejects ends the start with its error's exit code. */
export interface StartupSteps {
  /** Whether the gems fit, as far as that is enforced. */
  validate(): Promise<boolean>
  startDataPlane(): void
  startWorkers(): Promise<void>
  openPort(): Promise<void>
  /** Takes everything down again; the exit code says why. */
  stop(code: number): void
  failed(error: unknown): void
}

/** Runs the start-up machine. It has no timer: each step's own bound ends it. */
export class StartupDriver {
  readonly #policy: StartupPolicy
  readonly #steps: StartupSteps
  #state: Startup = idleStartup
  #hasStarted = false

  constructor(policy: StartupPolicy, steps: StartupSteps) {
    this.#policy = policy
    this.#steps = steps
  }

  get state(): Startup['tag'] {
    return this.#state.tag
  }

  /** Whether a process of the backend was started, or tried to be. */
  get hasStarted(): boolean {
    return this.#hasStarted
  }

  start(): void {
    this.#send({ tag: 'Start' })
  }

  dataPlaneIsUp(): void {
    this.#send({ tag: 'DataPlaneUp' })
  }

  workerIsReady(): void {
    this.#send({ tag: 'WorkerReady' })
  }

  gaveUp(): void {
    this.#send({ tag: 'Broke', code: consequenceOf('GAVE_UP').exit })
  }

  #send(event: StartupEvent): void {
    const { state, effects } = stepStartup(this.#state, event, this.#policy)
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: StartupEffect): void {
    switch (effect.tag) {
      case 'Validate':
        return void this.#attempt(async () => this.#send({ tag: 'Validated', fits: await this.#steps.validate() }))
      case 'StartDataPlane':
        this.#hasStarted = true
        return void this.#attempt(async () => this.#steps.startDataPlane())
      case 'StartWorkers':
        this.#hasStarted = true
        return void this.#attempt(() => this.#steps.startWorkers())
      case 'OpenPort':
        return void this.#attempt(async () => {
          await this.#steps.openPort()
          this.#send({ tag: 'PortListens' })
        })
      case 'Stop':
        return this.#steps.stop(effect.code)
    }
  }

  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.#steps.failed(error)
      const exit = error instanceof BezelError ? consequenceOf(error.code).exit : null
      this.#send({ tag: 'Broke', code: exit ?? consequenceOf('INTERNAL').exit })
    }
  }
}
