import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Requests per second by wrk: one thread, 32 keep-alive connections, closed loop. Throws if any request failed. */
export async function measureRequests(origin: string, seconds: number): Promise<number> {
  const { stdout } = await run('wrk', ['-t1', '-c32', `-d${seconds}s`, `${origin}/`])
  const failures = /Non-2xx|Socket errors/.exec(stdout)
  if (failures !== null) throw new Error(`requests to ${origin} failed:\n${stdout}`)
  return numberIn(stdout, /Requests\/sec:\s+([\d.]+)/)
}

export type PgbenchMode = 'simple' | 'extended' | 'prepared'

/** Queries per second by `pgbench -S`: 8 clients. Throws if any client was aborted. */
export async function measureQueries(databaseUrl: string, mode: PgbenchMode, seconds: number): Promise<number> {
  const { stdout, stderr } = await run('pgbench', ['-n', '-S', '-c', '8', '-j', '2', '-M', mode, '-T', String(seconds), databaseUrl])
  if (/aborted|failed transactions: [1-9]/.test(stderr + stdout)) throw new Error(`pgbench lost clients:\n${stderr}${stdout}`)
  return numberIn(stdout, /tps = ([\d.]+) \(without initial connection time\)/)
}

/** Fills the tables that `pgbench -S` reads. */
export async function preparePgbench(databaseUrl: string): Promise<void> {
  await run('pgbench', ['-i', '-q', '-s', '10', databaseUrl])
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`no figure in:\n${text}`)
  return Number(found)
}
