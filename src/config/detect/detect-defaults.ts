import type { Detected } from '../../workers/servers/server-rules.ts'
import type { Origin } from '../origin.ts'

/** A value that no option states, and where it came from. */
export interface Chosen<Value> {
  readonly value: Value
  readonly origin: Origin
}

/** More workers than this are a decision that someone should take. */
const mostWorkers = 16

/**
 * As many workers as CPUs. `WEB_CONCURRENCY`, which Puma and platforms know, wins.
 * `cpus` is `os.availableParallelism()`: affinity and the container's CPU quota are in it (libuv 1.49 and later).
 */
export function detectWorkerCount(env: Readonly<Record<string, string | undefined>>, cpus: number): Chosen<number> {
  const stated = env['WEB_CONCURRENCY']
  // Puma's 0 means one process without a cluster.
  if (stated !== undefined && /^\d{1,4}$/.test(stated))
    return { value: Math.min(1024, Math.max(1, Number(stated))), origin: { tag: 'Variable', variable: 'WEB_CONCURRENCY' } }
  const from =
    cpus > mostWorkers
      ? `${cpus} CPUs may be used, and ${mostWorkers} workers are enough unless you say so`
      : `${cpus} CPU${cpus === 1 ? '' : 's'} may be used`
  return toChosen({ value: Math.min(mostWorkers, Math.max(1, cpus)), from })
}

/** `PORT`, as platforms state it; else 3000. */
export function detectPort(env: Readonly<Record<string, string | undefined>>): Chosen<number> {
  const stated = env['PORT']
  const port = stated !== undefined && /^\d{1,5}$/.test(stated) ? Number(stated) : 0
  return port >= 1 && port <= 65_535
    ? { value: port, origin: { tag: 'Variable', variable: 'PORT' } }
    : { value: 3000, origin: { tag: 'Default' } }
}

export function toChosen<Value>({ value, from }: Detected<Value>): Chosen<Value> {
  return { value, origin: { tag: 'Detected', from } }
}
