import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, rmSync } from 'node:fs'
import type { ExitStatus } from '../events/workers.ts'
import type { Address } from '../link/messages.ts'
import type { Clock } from '../resilience/drive.ts'
import { inheritableDescriptors } from '../system/inheritable-descriptors.ts'
import { openFifos, type Fifo } from '../system/fifo.ts'
import { inheritedEnvironment } from '../system/inherited-environment.ts'
import { signalGroup, signalProcess } from '../system/process-group.ts'
import { markVariable, type ProcessRecord } from '../system/process-record.ts'
import { guardedCommand } from './guarded-command.ts'
import type { WorkersSettings } from './options.ts'
import { OutputReader } from './output-reader.ts'
import type { OutputStreamName, WorkersPorts } from './ports.ts'
import { fillIn, pickAddress } from './run-address.ts'

/** What becomes of a run's process: `spawned` at most once, then `exited` always and once, then `outputEnded` if it was spawned. */
export interface RunListener {
  spawned(pid: number, address: Address): void
  output(stream: OutputStreamName, chunk: Buffer): void
  /** Reaped, its process group killed, its own output passed on: `end` says how. */
  exited(): void
  outputEnded(): void
}

export interface RunOutcome {
  readonly exit: ExitStatus
  /** Why it could not even be started. */
  readonly error: string | null
}

export interface RunSurroundings {
  readonly settings: WorkersSettings
  readonly clock: Clock
  readonly ports: Pick<WorkersPorts, 'beforeStart'>
  readonly record: ProcessRecord
  /** Identifies what this keeper starts, in the record of process groups. */
  readonly mark: string
}

/** How long a stream may stay open after the exit because of what escaped the process group, in milliseconds. */
const outputLingerMs = 1_000

/** How long a start that was called off may go on preparing, in milliseconds. */
const prepareLingerMs = 1_000

const cancelled: ExitStatus = { code: null, signal: 'SIGKILL' }

/** One OS process of a worker: a process group and session of its own, output through FIFOs, no inherited socket. */
export class RunProcess {
  readonly worker: number
  readonly run: number
  readonly startedAtMs: number
  readonly #around: RunSurroundings
  readonly #listener: RunListener
  readonly #readers: OutputReader[] = []
  #pid: number | null = null
  #end: RunOutcome = { exit: { code: 127, signal: null }, error: null }
  #isReaped = false
  #isCancelled = false
  #isFinished = false
  #openStreams = 0
  #disarm = () => {}

  constructor(worker: number, run: number, around: RunSurroundings, listener: RunListener) {
    this.worker = worker
    this.run = run
    this.#around = around
    this.#listener = listener
    this.startedAtMs = around.clock.nowMs()
  }

  /** Null when it was never spawned. */
  get pid(): number | null {
    return this.#pid
  }

  /** Known once `exited` was told. */
  get end(): RunOutcome {
    return this.#end
  }

  /** Null before the start and after the end. */
  get livePid(): number | null {
    return this.#isReaped ? null : this.#pid
  }

  get droppedBytes(): number {
    return this.#readers.reduce((sum, { dropped }) => sum + dropped, 0)
  }

  /** Never rejects: what goes wrong is told by `exited`. */
  async start(): Promise<void> {
    const { settings, ports } = this.#around
    try {
      const address = await pickAddress(settings.launch.listens, settings.runtimeDir, this.worker, this.run)
      const { env } = await ports.beforeStart(this.worker, this.run)
      const fifos = await openFifos(settings.runtimeDir, 2)
      if (!this.#isCancelled) return this.#spawn(address, env, fifos)
      for (const { readFd, writeFd } of fifos) for (const fd of [readFd, writeFd]) closeSync(fd)
      this.#finish(cancelled, null)
    } catch (error) {
      this.#finish({ code: 127, signal: null }, error instanceof Error ? error.message : String(error))
    }
  }

  /** Sends a signal to the process alone. Before it is spawned: it won't be. */
  signal(signal: NodeJS.Signals): void {
    if (this.#pid === null) this.#cancel()
    else if (!this.#isReaped) signalProcess(this.#pid, signal)
  }

  /** SIGKILL to the whole process group. */
  kill(): void {
    if (this.#pid === null) this.#cancel()
    else if (!this.#isReaped) signalGroup(this.#pid, 'SIGKILL')
  }

  /** What `beforeStart` has begun may end first, within a bound. */
  #cancel(): void {
    if (this.#isCancelled) return
    this.#isCancelled = true
    const { clock } = this.#around
    this.#disarm = clock.at(clock.nowMs() + prepareLingerMs, () => this.#finish(cancelled, null))
  }

  #spawn(address: Address, env: Readonly<Record<string, string>>, [out, err]: readonly Fifo[]): void {
    const { settings, mark } = this.#around
    if (out === undefined || err === undefined) throw new Error('two FIFOs are needed')
    this.#read(out.readFd, 'stdout')
    this.#read(err.readFd, 'stderr')
    const fill = (text: string) => fillIn(text, address, this.worker, this.run)
    const { file, args } = guardedCommand(settings.launch.command.map(fill), {
      keeper: process.pid,
      umask: settings.umask,
      oomScoreAdj: settings.oomScoreAdj,
    })
    const nothing = openSync('/dev/null', 'r+')
    try {
      const child = spawn(file, args, {
        cwd: settings.cwd,
        detached: true,
        stdio: withoutInheritance(out.writeFd, err.writeFd, nothing),
        env: {
          ...inheritedEnvironment(),
          ...(settings.launch.listens.tag === 'Port' ? { PORT: fill('{port}') } : {}),
          ...Object.fromEntries(Object.entries(settings.launch.environment).map(([name, value]) => [name, fill(value)])),
          ...settings.environment,
          ...env,
          [markVariable]: mark,
        },
      })
      this.#follow(child, address)
    } finally {
      // The child has its own; with ours open, no end of file would ever come.
      for (const fd of [out.writeFd, err.writeFd, nothing]) closeSync(fd)
    }
  }

  #follow(child: ChildProcess, address: Address): void {
    const { pid } = child
    if (pid === undefined) {
      child.once('error', (error) => this.#finish({ code: 127, signal: null }, error.message))
      return
    }
    this.#pid = pid
    this.#around.record.note(pid, [pid])
    child.on('error', () => {})
    child.once('exit', (code, signal) => {
      this.#isReaped = true
      // Before anything else can be told: what it forked may still hold its database session (FACTS 58 names the case).
      signalGroup(pid, 'SIGKILL')
      if (this.#around.settings.launch.listens.tag === 'Socket') removeFiles(address)
      this.#around.record.forget(pid)
      this.#finish(signal === null ? { code: code ?? 0, signal: null } : { code: null, signal }, null)
    })
    this.#listener.spawned(pid, address)
  }

  /** Passes on at once what it and its children have written by now. */
  readOutput(): void {
    for (const reader of this.#readers) reader.readRest()
  }

  #read(fd: number, stream: OutputStreamName): void {
    const { settings, clock } = this.#around
    const onEnd = () => {
      this.#openStreams -= 1
      if (this.#openStreams > 0) return
      this.#disarm()
      this.#listener.outputEnded()
    }
    this.#openStreams += 1
    this.#readers.push(new OutputReader(fd, settings.output, clock, (chunk) => this.#listener.output(stream, chunk), onEnd))
  }

  #finish(exit: ExitStatus, error: string | null): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#isReaped = true
    this.#disarm()
    this.#end = { exit, error }
    this.readOutput()
    const { clock } = this.#around
    if (this.#openStreams > 0)
      this.#disarm = clock.at(clock.nowMs() + outputLingerMs, () => {
        for (const reader of this.#readers) reader.close()
      })
    this.#listener.exited()
  }
}

/** `nothing` takes the place of each descriptor that the child would otherwise get from whoever started the keeper. */
function withoutInheritance(stdout: number, stderr: number, nothing: number): ('ignore' | number)[] {
  const stdio: ('ignore' | number)[] = ['ignore', stdout, stderr]
  for (const fd of inheritableDescriptors()) {
    while (stdio.length < fd) stdio.push('ignore')
    stdio[fd] = nothing
  }
  return stdio
}

/** The socket, and what a server was told to put beside it. */
function removeFiles(address: Address): void {
  if (address.tag !== 'Unix') return
  for (const suffix of ['', '.pid', '.state', '.ctl']) rmSync(address.path + suffix, { force: true })
}
