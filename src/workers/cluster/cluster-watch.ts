import { readChildren, readStat } from '../../system/proc-fs.ts'
import type { WorkerSlot } from '../worker-slot.ts'

/**
 * Watches the workers that an app's own server forks (mode `cluster`): they are not our children, so their ends show only as
 * pids that are gone. One that lives and dies between two looks is not seen.
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

  /** Pids of the children that ended unasked since the last look, while the server was not asked to stop. */
  look(slot: WorkerSlot): number[] {
    const { run, livePid, state } = slot
    const now = livePid === null ? new Map<number, number>() : livingChildren(livePid)
    const isSame = this.#run === run && state.tag === 'Ready'
    const gone = isSame ? [...this.#children].flatMap(([pid, startTicks]) => (now.get(pid) === startTicks ? [] : [pid])) : []
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
