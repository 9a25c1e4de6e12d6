import { join } from 'node:path'
import { readOrNull } from './try-read.ts'

/** Memory of the control group that a process is in, in MiB. The kernel kills at the limit. */
export interface CgroupMemory {
  readonly usedMb: number
  readonly limitMb: number
}

/** Finds where this process's control group keeps its numbers; null where there is no limit, or no control group. */
export function findCgroupMemory(root = '/'): { read(): CgroupMemory | null } | null {
  for (const place of places(root)) {
    const read = () => readMemory(place)
    if (read() !== null) return { read }
  }
  return null
}

/**
 * How many processes of this process's control group the kernel's memory killer has ended so far, for the group's limit or the whole
 * machine's; null where nobody counts. Sources: `memory.events` of cgroup v2, `memory.oom_control` of v1 (Linux, Documentation/admin-guide).
 */
export function readOomKills(root = '/'): number | null {
  for (const { folder, events } of places(root)) {
    const count = /^oom_kill (\d+)$/m.exec(readOrNull(join(folder, events)) ?? '')?.[1]
    if (count !== undefined) return Number(count)
  }
  return null
}

interface Place {
  readonly folder: string
  readonly used: string
  readonly limit: string
  readonly stat: string
  /** In the stat file: page cache that the kernel drops before it kills. */
  readonly droppable: string
  /** The file that counts kills by the kernel's memory killer, in a line `oom_kill N`. */
  readonly events: string
}

/** `/proc/self/cgroup` (cgroups(7)): `0::/path` is version 2; `4:memory:/path` version 1. In a container the path may be that of the host. */
function places(root: string): Place[] {
  const lines = (readOrNull(join(root, 'proc/self/cgroup')) ?? '').split('\n').map((line) => line.split(':'))
  return lines.flatMap(([, controllers, path = '/']) => {
    const v2 = { used: 'memory.current', limit: 'memory.max', stat: 'memory.stat', droppable: 'inactive_file', events: 'memory.events' }
    const v1 = {
      used: 'memory.usage_in_bytes',
      limit: 'memory.limit_in_bytes',
      stat: 'memory.stat',
      droppable: 'total_inactive_file',
      events: 'memory.oom_control',
    }
    const base = controllers === '' ? 'sys/fs/cgroup' : 'sys/fs/cgroup/memory'
    if (controllers !== '' && controllers?.split(',').includes('memory') !== true) return []
    return withAncestors(path).map((inside) => ({ folder: join(root, base, inside), ...(controllers === '' ? v2 : v1) }))
  })
}

/** A limit may stand on the group itself or on any group around it. */
function withAncestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '')
  return [...parts.map((_, left) => `/${parts.slice(0, parts.length - left).join('/')}`), '/']
}

function readMemory({ folder, used, limit, stat, droppable }: Place): CgroupMemory | null {
  const usedBytes = Number(readOrNull(join(folder, used)) ?? Number.NaN)
  const limitBytes = Number(readOrNull(join(folder, limit)) ?? Number.NaN)
  // `max`, or version 1's huge number, is no limit.
  if (Number.isNaN(usedBytes) || Number.isNaN(limitBytes) || limitBytes > 2 ** 50) return null
  const cache = Number(new RegExp(`^${droppable} (\\d+)$`, 'm').exec(readOrNull(join(folder, stat)) ?? '')?.[1] ?? 0)
  return { usedMb: Math.max(0, usedBytes - cache) / 2 ** 20, limitMb: limitBytes / 2 ** 20 }
}
