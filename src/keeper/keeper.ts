import { startAdminServer } from '../admin/admin-server.ts'
import type { Config } from '../config/config.ts'
import type { BezelEvent } from '../events.ts'
import { HealthMonitoringEngine } from '../health/health-monitoring-engine.ts'
import type { Outside } from '../part.ts'
import { ErrorRecoverySystem } from '../recovery/error-recovery-system.ts'
import { GracefulSignalHandler } from '../shutdown/graceful-signal-handler.ts'
import { readOomKills } from '../system/cgroup-memory.ts'
import { systemClock } from '../system/clock.ts'
import type { RuntimeDirectory } from '../system/runtime-directory.ts'
import { isAccepted, probeRun } from '../workers/probe-run.ts'
import { WorkerProcessManager } from '../workers/worker-process-manager.ts'
import { BypassWatch } from './bypass-watch.ts'
import { DataPlaneHost } from './data-plane-host.ts'
import { spawnDataPlane, type DataPlaneProgram } from './data-plane-link.ts'
import { GatewaySockets } from './gateway-sockets.ts'
import { GemWatch } from './gem-watch.ts'
import { HeldAnswers } from './held-answers.ts'
import type { OpenLog } from './log/open-log.ts'
import { processSignals } from './process-signals.ts'
import { bindPublicPort, toUrl, type PublicPort } from './public-port.ts'
import { Reactions } from './reactions.ts'
import { startPulse, toCondition, toTraffic } from './pulse.ts'
import { awaitRequiredDatabases } from './required-databases.ts'
import { planDescent } from './shutdown-phases.ts'
import { StartupDriver } from './startup-driver.ts'
import { toAppKnowledge } from './to-app-knowledge.ts'
import { WorkerOutput } from './worker-output.ts'

/** How long a data plane may take to listen on a handle that it was sent. */
const listenWithinMs = 10_000

export interface KeeperSurroundings {
  readonly log: OpenLog
  readonly runtime: RuntimeDirectory
  /** The data plane's program; null when nothing has to run in it. */
  readonly dataPlaneFile: string | null
}

/**
 * The control process: puts the parts together, brings them up in order, takes them down in order. Everything that
 * thinks runs here; no client's byte waits for it.
 */
export class Keeper {
  readonly #config: Config
  readonly #around: KeeperSurroundings
  readonly #outside: Outside
  readonly #workers: WorkerProcessManager
  readonly #recovery: ErrorRecoverySystem
  readonly #dataPlane: DataPlaneHost
  readonly #health: HealthMonitoringEngine
  readonly #signals: GracefulSignalHandler
  readonly #startup: StartupDriver
  readonly #reactions: Reactions
  readonly #held = new HeldAnswers()
  readonly #gems: GemWatch
  readonly #output: WorkerOutput
  readonly #bypasses: BypassWatch | null
  #publicPort: PublicPort | null = null
  #everReady = false
  #stopPulse = () => {}
  #closeAdmin = () => {}

  constructor(config: Config, around: KeeperSurroundings) {
    this.#config = config
    this.#around = around
    this.#outside = { clock: systemClock, random: Math.random, emit: (event) => this.#emit(event) }
    this.#output = new WorkerOutput((worker, line) => around.log.output(worker, line))
    this.#gems = new GemWatch(config.validation, this.#outside, around.log, around.runtime.validationFile)
    this.#dataPlane = new DataPlaneHost(this.#outside, {
      spawn: (onExit) => spawnDataPlane(this.#dataPlaneProgram(), onExit),
      onHeld: (run, requests) => this.#held.answer(run, requests > 0),
    })
    const sockets = new GatewaySockets(around.runtime.path, config.gateway === null ? [] : config.databases, (purpose, handle) =>
      this.#dataPlane.listen(purpose, handle, listenWithinMs),
    )
    this.#recovery = new ErrorRecoverySystem({ ...config.recovery, spareIncidentsDir: around.runtime.incidentsFolder }, this.#outside, {
      wallTimeMs: Date.now,
      signal: (pid, signal) => process.kill(pid, signal),
      oomKills: readOomKills,
      app: () => (this.#gems.report === null ? null : toAppKnowledge(this.#gems.report)),
      answers: (run) => this.#answers(run),
    })
    this.#workers = new WorkerProcessManager({ ...config.workers, runtimeDir: around.runtime.path }, this.#outside, {
      wallTimeMs: Date.now,
      beforeStart: async (worker, run) => {
        this.#output.begin(worker, run)
        this.#gems.runStarts(worker)
        return { env: await sockets.open(worker, run) }
      },
      mayReplace: () => this.#gems.mayReplace(),
      onOutput: (run, stream, chunk) => {
        if (stream === 'stderr') this.#recovery.readStderr(run, chunk)
        else this.#recovery.readStdout(run, chunk)
        this.#output.push(run, stream, chunk)
      },
      outputEnded: (run) => this.#output.end(run),
      drained: (run) => this.#dataPlane.drainRun(run, config.workers.drainTimeoutMs),
      heldRequests: (run) => this.#held.ask(run),
      lastIncidentOf: (worker) => this.#recovery.lastIncidentOf(worker),
    })
    this.#bypasses = config.gateway === null ? null : new BypassWatch(config.databases, this.#outside, () => this.#workers.liveRuns())
    this.#health = new HealthMonitoringEngine({
      validation: () => this.#gems.report,
      workers: () => this.#workers.snapshot(),
      pools: () => this.#dataPlane.snapshot()?.gateway?.pools ?? [],
      traffic: () => toTraffic(this.#dataPlane.snapshot()?.frontDoor),
      degradation: () => this.#recovery.snapshot().degradation,
      lastIncidentOf: (worker) => this.#recovery.lastIncidentOf(worker),
      wallTimeMs: Date.now,
      nowMs: () => systemClock.nowMs(),
    })
    this.#signals = new GracefulSignalHandler(config.shutdown, this.#outside, {
      process: processSignals,
      phases: planDescent({
        clock: systemClock,
        hasStarted: () => this.#startup.hasStarted,
        stopAccepting: () => this.#stopAccepting(),
        drainRequests: (withinMs) => this.#dataPlane.drainRequests(withinMs),
        stopWorkers: (deadlineMs) => this.#workers.stop(deadlineMs),
        closeDataPlane: (withinMs) => this.#dataPlane.close(withinMs),
        flush: () => this.#flush(),
      }),
      killEverything: () => {
        this.#workers.killEverything()
        this.#dataPlane.kill()
      },
      reload: () => this.#reopenLog(),
      rollingRestart: () => void this.#workers.rollingRestart(),
    })
    this.#startup = new StartupDriver(
      { dataPlane: around.dataPlaneFile !== null, frontDoor: config.frontDoor !== null },
      {
        validate: () => this.#gems.validate(),
        startDataPlane: () => this.#startDataPlane(),
        startWorkers: () => this.#startWorkers(),
        openPort: () => this.#openPort(),
        stop: (code) => void this.#signals.initiateGracefulShutdown(code),
        failed: (error) => around.log.failure(error),
      },
    )
    this.#reactions = new Reactions(
      {
        workers: this.#workers,
        recovery: this.#recovery,
        dataPlane: this.#dataPlane,
        startup: this.#startup,
        isCluster: config.workers.mode === 'cluster',
        closeSockets: (run) => sockets.close(run),
        reportEnded: (run) => this.#output.passOn(run),
      },
      this.#outside.clock,
    )
  }

  /** Runs until it is stopped; resolves with the exit code. Throws what makes a start impossible: PORT_TAKEN, … */
  async run(): Promise<number> {
    const { frontDoor, admin } = this.#config
    this.#signals.setupSignalHandlers()
    if (frontDoor !== null) this.#publicPort = await bindPublicPort(frontDoor.host, frontDoor.port)
    const adminServer = await startAdminServer(
      { socketPath: this.#around.runtime.socketPath('admin.sock'), listen: admin.listen, token: admin.token },
      { report: () => this.#health.generateStabilityReport(), isReady: () => this.#isReady(), details: () => this.#details() },
    )
    this.#closeAdmin = () => adminServer.close()
    this.#stopPulse = startPulse(systemClock, () => this.#beat())
    this.#recovery.checkIncidentsFolder()
    this.#startup.start()
    return await this.#signals.ended
  }

  /** SIGKILL to everything that was started: for a keeper that cannot go on. */
  abandon(): void {
    this.#stopPulse()
    this.#bypasses?.stop()
    this.#closeAdmin()
    this.#publicPort?.handle.close()
    this.#workers.killEverything()
    this.#dataPlane.kill()
    void this.#signals.stop()
  }

  #emit(event: BezelEvent): void {
    const { log } = this.#around
    log.fact(event)
    // A person reads these lines; whoever reads JSON lines may want them all. What can't be saved must stand here at least.
    if (event.tag === 'CrashConfirmed' && log.place.format === 'text' && this.#recovery.canSave()) this.#output.keepBack(event.run)
    if (event.tag === 'RunReady') this.#bypasses?.runReady()
    this.#reactions.react(event)
    if (event.tag !== 'RunReady' || this.#everReady) return
    this.#everReady = true
    this.#tellOwnPort()
  }

  #dataPlaneProgram(): DataPlaneProgram {
    const { fd, level } = this.#around.log.place
    const wanted = this.#config.frontDoor?.accessLog === true && (level === 'info' || level === 'debug')
    return { file: this.#around.dataPlaneFile ?? '', accessLog: wanted, logFd: fd }
  }

  #startDataPlane(): void {
    const { frontDoor, gateway } = this.#config
    const accessLogFormat = this.#around.log.place.format
    this.#dataPlane.start({ frontDoor: frontDoor === null ? null : { ...frontDoor.settings, accessLogFormat }, gateway })
  }

  async #startWorkers(): Promise<void> {
    await awaitRequiredDatabases(this.#config.databases, {
      clock: systemClock,
      withinMs: this.#config.gateway?.queueDeadlineMs ?? 0,
      pools: () => {
        this.#dataPlane.askSnapshot()
        return this.#dataPlane.snapshot()?.gateway?.pools ?? []
      },
    })
    this.#workers.start()
  }

  async #openPort(): Promise<void> {
    if (this.#publicPort === null) return
    await this.#dataPlane.listen({ tag: 'Public' }, this.#publicPort.handle, listenWithinMs)
    this.#outside.emit({ tag: 'PortOpened', url: this.#publicPort.url })
  }

  /** Mode `cluster`: once, where the app's own server listens. */
  #tellOwnPort(): void {
    const { listens } = this.#config.workers.launch
    if (listens.tag !== 'Own') return
    this.#outside.emit({ tag: 'PortOpened', url: toUrl(listens.address) })
  }

  #reopenLog(): void {
    const { log } = this.#around
    try {
      log.reopen()
      if (log.file !== null) this.#dataPlane.reopenLog(log.file)
      const done = log.file === null ? 'there is no log.file to open anew' : `${log.file} was opened anew`
      log.message('info', `SIGHUP: ${done}. Changed settings take effect when bezel is started again; SIGUSR1 restarts the workers`)
    } catch (error) {
      log.failure(error)
    }
  }

  #stopAccepting(): void {
    this.#dataPlane.stopAccepting()
    this.#publicPort?.handle.close()
    this.#publicPort = null
    this.#workers.stopStarting()
  }

  async #flush(): Promise<void> {
    this.#stopPulse()
    this.#bypasses?.stop()
    await this.#recovery.stop()
    this.#closeAdmin()
  }

  async #answers(run: number): Promise<boolean> {
    const address = this.#workers.liveRuns().find((each) => each.run === run)?.serving?.address
    if (address === undefined) return false
    const { readiness } = this.#config.workers
    return isAccepted(await probeRun(address, readiness), readiness)
  }

  #isReady(): boolean {
    return this.#startup.state === 'Serving' && this.#signals.snapshot().state === 'running' && this.#workers.snapshot().ready > 0
  }

  #details(): Record<string, unknown> {
    const snapshot = this.#dataPlane.snapshot()
    return {
      processes: { keeper: process.pid, dataPlane: this.#dataPlane.pid },
      startup: this.#startup.state,
      shutdown: this.#signals.snapshot(),
      recovery: this.#recovery.snapshot(),
      frontDoor: snapshot?.frontDoor ?? null,
      gateway: snapshot?.gateway ?? null,
    }
  }

  #beat(): void {
    this.#dataPlane.askSnapshot()
    this.#health.sample()
    const workers = this.#workers.snapshot()
    if (this.#signals.snapshot().state !== 'running') return
    this.#recovery.observe(toCondition(workers, this.#dataPlane.snapshot()?.gateway?.pools ?? [], this.#everReady))
  }
}
