import { readChildren, readStat } from '../system/proc-fs.ts'
import type { WorkerSlot } from './worker-slot.ts'

/**
 * Watches the workers that an app's own server forks (mode `cluster`): they are not our children, so their ends show only as
 * pids that are gone. One that lives and dies between two looks is not seen.
 */
export class ClusterWatch {
  #run: number | null = null
  #children: ReadonlyMap<number, number> = new Map()
  deaths = 0

  get living(): number {
    return this.#children.size
  }

  /** Pids of the children that ended since the last look, while the server was not asked to stop. */
  look(slot: WorkerSlot): number[] {
    const { run, livePid, state } = slot
    const now = livePid === null ? new Map<number, number>() : startTimes(readChildren(livePid))
    const isSame = this.#run === run && state.tag === 'Ready'
    const ended = isSame ? [...this.#children].flatMap(([pid, startTicks]) => (now.get(pid) === startTicks ? [] : [pid])) : []
    this.#run = run
    this.#children = now
    this.deaths += ended.length
    return ended
  }
}

/** Zombies have ended: a server may be slow to reap. */
function startTimes(pids: readonly number[]): Map<number, number> {
  return new Map(
    pids.flatMap((pid) => {
      const stat = readStat(pid)
      return stat === null || stat.state === 'Z' ? [] : [[pid, stat.startTicks] as const]
    }),
  )
}
