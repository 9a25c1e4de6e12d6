import { resolve } from 'node:path'
import type { Incident } from '../../src/recovery/incidents/incident.ts'
import { IncidentStore } from '../../src/recovery/incidents/incident-store.ts'
import { startBezel, type BezelRun } from './bezel-run.ts'

export type ExampleName = 'iodine-pg' | 'puma-pg'

export interface ExampleOptions {
  readonly databaseUrl: string
  /** Default: 2. */
  readonly workers?: number
  /** Flags of `bezel run`. */
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** An example of `examples/` under `bezel run`, with its port open and all workers ready. Its gems must be there: `scripts/setup.sh`. */
export interface ExampleApp extends BezelRun {
  /** `http://127.0.0.1:54321` */
  readonly origin: string
  /** Newest first. */
  incidents(): readonly Incident[]
  /** What `bezel status --json` prints. */
  status(): Promise<unknown>
}

const incidentsKept = 1_000

export async function startExample(
  name: ExampleName,
  { databaseUrl, workers = 2, args = [], env = {} }: ExampleOptions,
): Promise<ExampleApp> {
  const run = await startBezel({
    folder: resolve(import.meta.dirname, '../../examples', name),
    args: ['--host', '127.0.0.1', '--port', '0', '--workers', String(workers), ...args],
    env: { DATABASE_URL: databaseUrl, BEZEL_INCIDENTS_KEEP: String(incidentsKept), ...env },
  })
  try {
    const { url } = await run.fact('PortOpened')
    // The port opens with the first.
    for (let worker = 1; worker <= workers; worker += 1) await run.fact('RunReady', (fact) => fact.worker === worker)
    const json = async (words: readonly string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await run.command([...words, '--json'])
      if (code !== 0) throw new Error(`bezel ${words.join(' ')} ended with ${code}:\n${stderr}`)
      return JSON.parse(stdout)
    }
    return {
      ...run,
      origin: new URL(url).origin,
      incidents: () => new IncidentStore(run.incidentsFolder, incidentsKept).list(incidentsKept).incidents,
      status: () => json(['status']),
    }
  } catch (error) {
    await run[Symbol.asyncDispose]()
    throw error
  }
}
