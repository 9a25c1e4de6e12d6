import type { Outside } from '../part.ts'
import { findCgroupMemory } from '../system/cgroup-memory.ts'
import { readDescendants, readPssMb, readRssMb } from '../system/proc-fs.ts'
import type { ProcessRecord } from '../system/process-record.ts'
import { sum, type ClusterMemory } from './cluster/cluster-memory.ts'
import { livingChildren } from './cluster/cluster-watch.ts'
import type { WorkersSettings } from './options.ts'
import type { WorkerSlot } from './worker-slot.ts'

export interface MemoryReading {
  readonly workerId: number
  readonly run: number
  readonly rssMb: number
  /** Null until it was first read: every `pssEveryMs`, or when RSS exceeds the soft limit. */
  readonly pssMb: number | null
}

export interface MemoryActions {
  /** Drains and replaces, one worker at a time. */
  replace(slot: WorkerSlot, run: number): void
}

/** Reads the memory of runs and holds it against the limits. Where a run has workers of its own (mode `cluster`) they are judged, each for itself. */
export class MemoryWatch {
  readonly #settings: WorkersSettings
  readonly #outside: Outside
  readonly #record: ProcessRecord
  readonly #actions: MemoryActions
  readonly #cluster: ClusterMemory
  readonly #cgroup = findCgroupMemory()
  readonly #pssAtMs = new Map<number, number>()
  readonly #replacedAtMs = new Map<number, number>()

  constructor(settings: WorkersSettings, outside: Outside, record: ProcessRecord, cluster: ClusterMemory, actions: MemoryActions) {
    this.#settings = settings
    this.#outside = outside
    this.#record = record
    this.#cluster = cluster
    this.#actions = actions
  }

  /** Reads one worker now, and acts on its limits. Null: no process lives. */
  async check(slot: WorkerSlot): Promise<MemoryReading | null> {
    const { run, livePid } = slot
    if (run === null || livePid === null) return null
    const pids = [livePid, ...readDescendants(livePid)]
    this.#record.note(livePid, pids)
    const rssMb = sum(pids.map(readRssMb))
    if (rssMb === null) return null
    slot.memory.rssMb = rssMb
    const children = this.#childrenOf(livePid)
    if (children.size === 0 && this.#exceedsHard(slot, run, rssMb)) return { workerId: slot.worker, run, rssMb, pssMb: slot.memory.pssMb }
    if (this.#isPssDue(run, rssMb)) {
      this.#pssAtMs.set(run, this.#outside.clock.nowMs())
      const pssMb = sum(await Promise.all(pids.map(readPssMb)))
      if (slot.run !== run) return null
      slot.memory.pssMb = pssMb
    }
    const { softLimitMb } = this.#settings.memory
    const usedMb = Math.min(rssMb, slot.memory.pssMb ?? rssMb)
    if (children.size > 0) await this.#cluster.check(slot, run, children)
    else if (softLimitMb !== null && usedMb > softLimitMb) this.#replace(slot, run, usedMb, softLimitMb)
    return { workerId: slot.worker, run, rssMb, pssMb: slot.memory.pssMb }
  }

  /** Before the kernel kills somebody, the largest run is replaced. */
  checkAll(slots: readonly WorkerSlot[]): void {
    const { cgroupShare } = this.#settings.memory
    const memory = cgroupShare === null ? null : (this.#cgroup?.read() ?? null)
    if (memory === null || cgroupShare === null || memory.usedMb <= memory.limitMb * cgroupShare) return
    const ready = slots.filter(({ state }) => state.tag === 'Ready')
    const largest = ready.reduce<WorkerSlot | null>(
      (best, slot) => ((slot.memory.rssMb ?? 0) > (best?.memory.rssMb ?? 0) ? slot : best),
      null,
    )
    if (largest?.run === undefined || largest.run === null) return
    const limitMb = Math.floor(memory.limitMb * cgroupShare)
    const children = largest.livePid === null ? new Map<number, number>() : this.#childrenOf(largest.livePid)
    if (children.size > 0) this.#cluster.relieve(largest, largest.run, children, limitMb)
    else this.#replace(largest, largest.run, largest.memory.rssMb ?? 0, limitMb)
  }

  forget(run: number): void {
    this.#pssAtMs.delete(run)
  }

  #childrenOf(livePid: number): ReadonlyMap<number, number> {
    return this.#settings.mode === 'cluster' ? livingChildren(livePid) : new Map()
  }

  #exceedsHard(slot: WorkerSlot, run: number, rssMb: number): boolean {
    const limitMb = this.#settings.memory.hardLimitMb
    if (limitMb === null || rssMb <= limitMb || slot.state.tag === 'Killed') return false
    this.#outside.emit({ tag: 'MemoryExceeded', worker: slot.worker, run, pid: null, rssMb, limitMb, limit: 'hard' })
    slot.send({ tag: 'Kill', run, why: 'memory' })
    return true
  }

  #isPssDue(run: number, rssMb: number): boolean {
    const { softLimitMb, pssEveryMs, rssEveryMs } = this.#settings.memory
    const everyMs = softLimitMb !== null && rssMb > softLimitMb ? Math.min(pssEveryMs, 5 * rssEveryMs) : pssEveryMs
    return this.#outside.clock.nowMs() - (this.#pssAtMs.get(run) ?? Number.NEGATIVE_INFINITY) >= everyMs
  }

  #replace(slot: WorkerSlot, run: number, rssMb: number, limitMb: number): void {
    const nowMs = this.#outside.clock.nowMs()
    const lastMs = this.#replacedAtMs.get(slot.worker) ?? Number.NEGATIVE_INFINITY
    if (slot.state.tag !== 'Ready' || nowMs - lastMs < this.#settings.memory.replaceAtMostEveryMs) return
    this.#replacedAtMs.set(slot.worker, nowMs)
    this.#outside.emit({ tag: 'MemoryExceeded', worker: slot.worker, run, pid: null, rssMb, limitMb, limit: 'soft' })
    this.#actions.replace(slot, run)
  }
}
