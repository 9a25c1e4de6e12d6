/** A value that nobody stated, and what it was taken from. */
export interface Detected<Value> {
  readonly value: Value
  readonly from: string
}

/** More workers than this are a decision that someone should take. */
const mostWorkers = 16

/**
 * As many workers as CPUs. `WEB_CONCURRENCY`, which Puma and platforms know, wins.
 * `cpus` is `os.availableParallelism()`: affinity and the container's CPU quota are in it (libuv 1.49 and later).
 */
export function detectWorkerCount(env: Readonly<Record<string, string | undefined>>, cpus: number): Detected<number> {
  const stated = env['WEB_CONCURRENCY']
  // Puma's 0 means one process without a cluster.
  if (stated !== undefined && /^\d{1,4}$/.test(stated))
    return { value: Math.min(1024, Math.max(1, Number(stated))), from: 'WEB_CONCURRENCY' }
  return { value: Math.min(mostWorkers, Math.max(1, cpus)), from: `${cpus} CPU${cpus === 1 ? '' : 's'} may be used` }
}

/** `PORT`, as platforms state it; else 3000. */
export function detectPort(env: Readonly<Record<string, string | undefined>>): Detected<number> {
  const stated = env['PORT']
  const port = stated !== undefined && /^\d{1,5}$/.test(stated) ? Number(stated) : 0
  return port >= 1 && port <= 65_535 ? { value: port, from: 'PORT' } : { value: 3000, from: 'PORT is not set' }
}
