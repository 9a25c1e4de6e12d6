import { readdirSync } from 'node:fs'
import { afterEach, beforeEach } from 'vitest'
import { readDescendants, readStat } from '../../src/system/proc-fs.ts'
import { waitFor } from './wait-for.ts'

/**
 * Fails each test of the surrounding file or `describe` that leaves something behind: a child process (zombies included), a
 * descriptor, a timer, a listening server. Call it before other hooks: vitest runs `afterEach` in reverse order, so that it looks last.
 */
export function watchLeaks(): void {
  let before = look()
  beforeEach(() => {
    before = look()
  })
  afterEach(() =>
    waitFor(
      () => leaksSince(before).length === 0,
      5_000,
      () => `left behind: ${leaksSince(before).join(', ')}`,
    ),
  )
}

interface Look {
  readonly descendants: ReadonlySet<number>
  readonly descriptors: number
  readonly resources: ReadonlyMap<string, number>
}

function look(): Look {
  const resources = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) resources.set(kind, (resources.get(kind) ?? 0) + 1)
  return { descendants: new Set(readDescendants(process.pid)), descriptors: readdirSync('/proc/self/fd').length, resources }
}

function leaksSince(before: Look): string[] {
  const now = look()
  const processes = [...now.descendants]
    .filter((pid) => !before.descendants.has(pid))
    .map((pid) => `process ${pid} (${readStat(pid)?.name ?? 'gone'})`)
  // The wait itself holds one timer.
  const kinds = [...now.resources]
    .filter(([kind, count]) => count > (before.resources.get(kind) ?? 0) + (kind === 'Timeout' ? 1 : 0))
    .map(([kind, count]) => `${count - (before.resources.get(kind) ?? 0)} × ${kind}`)
  const descriptors = now.descriptors > before.descriptors ? [`${now.descriptors - before.descriptors} descriptors`] : []
  return [...processes, ...kinds, ...descriptors]
}
