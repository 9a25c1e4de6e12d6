import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'node:http'
import type { BezelEvent } from '../../src/events.ts'
import { systemClock } from '../../src/system/clock.ts'
import { readProcessGroup } from '../../src/system/proc-fs.ts'
import type { AppFacts } from '../../src/workers/servers/server-rules.ts'
import { workersDefaults, type LaunchPlan, type WorkersSettings } from '../../src/workers/options.ts'
import { noPorts, type WorkersPorts } from '../../src/workers/ports.ts'
import { WorkerProcessManager } from '../../src/workers/worker-process-manager.ts'
import type { Address, ServingRun } from '../../src/link/messages.ts'
import { afterEach } from 'vitest'
import { waitFor } from './wait-for.ts'

type Fact<Tag extends BezelEvent['tag']> = Extract<BezelEvent, { tag: Tag }>

/** A manager of small Ruby programs in `test/fixtures/misbehaving`, with its own runtime directory and all its facts. */
export interface HeldUp {
  readonly manager: WorkerProcessManager
  readonly settings: WorkersSettings
  facts<Tag extends BezelEvent['tag']>(tag: Tag): Fact<Tag>[]
  /** What a run has written by now. */
  output(run: number): string
  outputHasEnded(run: number): boolean
  /** Waits for so many facts of a kind, and answers the last of them. */
  fact<Tag extends BezelEvent['tag']>(tag: Tag, count?: number): Promise<Fact<Tag>>
  /** Stops everything within a second or so and removes the directory. */
  end(): Promise<void>
}

export const misbehaving = join(import.meta.dirname, '../fixtures/misbehaving')

/** `well.rb` and its kin on a Unix socket; further words follow the socket. */
export function rubyLaunch(program: string, ...words: readonly string[]): LaunchPlan {
  return {
    command: ['ruby', '--disable-gems', join(misbehaving, program), '{socket}', ...words],
    environment: {},
    listens: { tag: 'Socket' },
    slots: 5,
    drainSignal: 'SIGTERM',
    restartSignal: null,
    keepAliveTimeoutMs: 10_000,
    litter: null,
  }
}

/** Fast where a test waits, patient where a loaded machine may be slow. */
export function holdUp(
  launch: LaunchPlan,
  overrides: Partial<Omit<WorkersSettings, 'restart' | 'memory'>> & {
    restart?: Partial<WorkersSettings['restart']>
    memory?: Partial<WorkersSettings['memory']>
  } = {},
  ports: Partial<WorkersPorts> = {},
  hear: (event: BezelEvent) => void = () => {},
): HeldUp {
  const runtimeDir = mkdtempSync(join(tmpdir(), 'bzl-'))
  const settings: WorkersSettings = {
    ...workersDefaults,
    count: 1,
    cwd: misbehaving,
    runtimeDir,
    launch,
    stopTimeoutMs: 3_000,
    ...overrides,
    restart: { ...workersDefaults.restart, ...overrides.restart },
    memory: { ...workersDefaults.memory, cgroupShare: null, ...overrides.memory },
  }
  const told: BezelEvent[] = []
  const written = new Map<number, Buffer[]>()
  const ended = new Set<number>()
  const manager = new WorkerProcessManager(
    settings,
    {
      clock: systemClock,
      random: Math.random,
      emit: (event) => {
        told.push(event)
        hear(event)
      },
    },
    {
      ...noPorts,
      onOutput: (run, _stream, chunk) => void written.set(run, [...(written.get(run) ?? []), chunk]),
      outputEnded: (run) => void ended.add(run),
      ...ports,
    },
  )
  const facts = <Tag extends BezelEvent['tag']>(tag: Tag) => told.filter((event): event is Fact<Tag> => event.tag === tag)
  return {
    manager,
    settings,
    facts,
    output: (run) => Buffer.concat(written.get(run) ?? []).toString(),
    outputHasEnded: (run) => ended.has(run),
    fact: async (tag, count = 1) => {
      await waitFor(
        () => facts(tag).length >= count,
        20_000,
        () => `${count} × ${tag}; told: ${JSON.stringify(told.slice(-20))}`,
      )
      return facts(tag)[count - 1]!
    },
    end: async () => {
      await manager.stop(systemClock.nowMs() + 1_500)
      rmSync(runtimeDir, { recursive: true })
    },
  }
}

/** What `planLaunch` must know of an app in a folder, read as plainly as a test needs. */
export function appFacts(folder: string, environment: Record<string, string> = {}): AppFacts {
  const readText = (path: string) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : null)
  const gems = new Map(
    [...(readText('Gemfile.lock') ?? '').matchAll(/^ {4}(\S+) \((\S+)\)$/gm)].map(([, name = '', version = '']) => [name, version]),
  )
  return { gems, hasBundle: gems.size > 0, environment, cpus: 2, readText }
}

/** Where a worker's present run serves. */
export function serving({ manager }: HeldUp, worker = 1): ServingRun {
  const run = manager.liveRuns().find((live) => live.worker === worker)?.serving
  if (run === undefined || run === null) throw new Error(`worker ${worker} doesn't serve`)
  return run
}

/** `holdUp` and `start`; what it holds is ended after each test of the file. */
export function startsOneATest(): (...args: Parameters<typeof holdUp>) => HeldUp {
  let held: HeldUp | null = null
  afterEach(async () => {
    await held?.end()
    held = null
  })
  return (...args) => {
    held = holdUp(...args)
    held.manager.start()
    return held
  }
}

/** Asks a run; rejects when it is cut off. */
export function ask(address: Address, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const where = address.tag === 'Unix' ? { socketPath: address.path } : { host: address.host, port: address.port }
    const asked = request({ ...where, path, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** Pids of a process group that are more than zombies. */
export function livingIn(processGroup: number): number[] {
  return readProcessGroup(processGroup).flatMap(({ pid, state }) => (state === 'Z' ? [] : [pid]))
}
