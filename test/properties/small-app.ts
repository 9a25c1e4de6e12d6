import { mkdtemp, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { startBezel, type BezelRun } from '../support/bezel-run.ts'
import { writeFiles } from '../support/write-files.ts'

const server = resolve(import.meta.dirname, '../fixtures/misbehaving/well.rb')

/** A Ruby process that starts fast and does what its path says (`/slow?ms`, `/kill`, `/pid`), under a whole bezel. */
export interface SmallApp extends BezelRun {
  readonly origin: string
}

export interface SmallAppOptions {
  readonly workers: number
  readonly env?: NodeJS.ProcessEnv
  /** Another script than the server that behaves. */
  readonly script?: string
  /** Whether its gems and its Ruby are looked at; not, when left out. */
  readonly validation?: 'warn' | 'off'
  /** Files of its folder, which is empty otherwise. */
  readonly files?: Readonly<Record<string, string>>
}

/** Starts it in a folder of its own; does not wait for the port. */
export async function startSmallBezel(options: SmallAppOptions): Promise<BezelRun> {
  const { workers, env = {}, script = server, validation = 'off', files = {} } = options
  const folder = await mkdtemp('/tmp/bz-prop-')
  writeFiles(folder, files)
  const words = ['--host', '127.0.0.1', '--port', '0', '--workers', String(workers), '--threads', '4', '--validation', validation]
  const run = await startBezel({
    folder,
    args: [...words, '--', 'ruby', '--disable-gems', script, '{socket}'],
    env: { DATABASE_URL: undefined, ...env },
  })
  return {
    ...run,
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts it and waits until it serves with all its workers. */
export async function startSmallApp(options: SmallAppOptions): Promise<SmallApp> {
  const run = await startSmallBezel(options)
  try {
    const { url } = await run.fact('PortOpened')
    for (let worker = 1; worker <= options.workers; worker += 1) await run.fact('RunReady', (fact) => fact.worker === worker)
    return { ...run, origin: new URL(url).origin }
  } catch (error) {
    await run[Symbol.asyncDispose]()
    throw error
  }
}

/** Resolves once a worker holds a request: what happens from then on, happens to it. */
export async function untilHeld(app: SmallApp): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { stdout } = await app.command(['status', '--json'])
    const status = JSON.parse(stdout) as { front_door?: { runs?: { outstanding: number }[] } | null }
    if (status.front_door?.runs?.some(({ outstanding }) => outstanding > 0) === true) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('no worker came to hold a request')
}

/** The status of an answer whose body came whole; the error's code otherwise. */
export async function outcomeOf(url: string): Promise<number | string> {
  try {
    const answer = await fetch(url)
    await answer.text()
    return answer.status
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    return cause instanceof Error && 'code' in cause ? String(cause.code) : 'failed'
  }
}
