import { readChildren, readStat } from '../../system/proc-fs.ts'
import type { WorkerSlot } from '../worker-slot.ts'

export type WatchedServer = Pick<WorkerSlot, 'run' | 'livePid' | 'state'>

/**
 * Watches the workers that an app's own server forks (mode `cluster`): they are not our children, so their ends show only as
 * pids that are gone. One that lives and dies between two looks is not seen, unless it was noted in between.
 */
export class ClusterWatch {
  #run: number | null = null
  #children: ReadonlyMap<number, number> = new Map()
  readonly #excused = new Set<number>()
  deaths = 0

  get living(): number {
    return this.#children.size
  }

  /** The end of this one is bezel's own wish. */
  excuse(pid: number): void {
    this.#excused.add(pid)
  }

  /** The next look will see the end of every child that lives now, also of one that is younger than the last look. */
  note({ run, livePid }: WatchedServer): void {
    if (livePid === null) return
    this.#children = new Map([...(this.#run === run ? this.#children : []), ...livingChildren(livePid)])
    this.#run = run
  }

  /** Pids of the children that ended unasked since the last look, while the server was not asked to stop. */
  look({ run, livePid, state }: WatchedServer): number[] {
    const now = livePid === null ? new Map<number, number>() : livingChildren(livePid)
    const isSame = this.#run === run && state.tag === 'Ready'
    const known = isSame ? [...this.#children] : []
    // The end of one may have hidden another from the list (`readChildren`).
    for (const [pid, startTicks] of known) if (now.get(pid) !== startTicks && isLiving(pid, startTicks)) now.set(pid, startTicks)
    const gone = known.flatMap(([pid, startTicks]) => (now.get(pid) === startTicks ? [] : [pid]))
    const ended = gone.filter((pid) => !this.#excused.delete(pid))
    if (!isSame) this.#excused.clear()
    this.#run = run
    this.#children = now
    this.deaths += ended.length
    return ended
  }
}

/** A server's own workers: pid -> start time. Zombies have ended: a server may be slow to reap. */
export function livingChildren(server: number): Map<number, number> {
  return new Map(
    readChildren(server).flatMap((pid) => {
      const stat = readStat(pid)
      return stat === null || stat.state === 'Z' ? [] : [[pid, stat.startTicks] as const]
    }),
  )
}

function isLiving(pid: number, startTicks: number): boolean {
  const stat = readStat(pid)
  return stat?.startTicks === startTicks && stat.state !== 'Z'
}
