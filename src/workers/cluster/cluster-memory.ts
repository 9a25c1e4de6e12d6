import type { Outside } from '../../part.ts'
import { readDescendants, readPssMb, readRssMb, readStat } from '../../system/proc-fs.ts'
import { signalProcess } from '../../system/process-group.ts'
import type { WorkersSettings } from '../options.ts'
import type { WorkerSlot } from '../worker-slot.ts'
import type { ClusterWatch } from './cluster-watch.ts'

/** One of the server's own workers, with all that it has started. */
interface Child {
  readonly pid: number
  readonly startTicks: number
  readonly pids: readonly number[]
  readonly rssMb: number
}

/**
 * Memory limits in mode `cluster`. They hold for each of the server's own workers, not for the server as a whole: its master
 * replaces one that ends, while the others serve, and replacing the master would close the port. Past the soft limit a worker gets the
 * signal on which its server drains, and SIGKILL when its time is over; past the hard limit SIGKILL at once.
 */
export class ClusterMemory {
  readonly #settings: WorkersSettings
  readonly #outside: Outside
  readonly #watch: ClusterWatch
  readonly #pssAtMs = new Map<number, number>()
  #leaving: { readonly pid: number; readonly startTicks: number; readonly killAtMs: number } | null = null
  #askedAtMs = Number.NEGATIVE_INFINITY

  constructor(settings: WorkersSettings, outside: Outside, watch: ClusterWatch) {
    this.#settings = settings
    this.#outside = outside
    this.#watch = watch
  }

  /** Holds each child against the limits: `children` are pid and start time. */
  async check(slot: WorkerSlot, run: number, children: ReadonlyMap<number, number>): Promise<void> {
    const { softLimitMb, hardLimitMb } = this.#settings.memory
    this.#followLeaving()
    for (const pid of this.#pssAtMs.keys()) if (!children.has(pid)) this.#pssAtMs.delete(pid)
    for (const child of readAll(children)) {
      const { pid, rssMb, pids } = child
      if (hardLimitMb !== null && rssMb > hardLimitMb) {
        this.#outside.emit({ tag: 'MemoryExceeded', worker: slot.worker, run, pid, rssMb, limitMb: hardLimitMb, limit: 'hard' })
        this.#kill(pid, pids)
      } else if (softLimitMb !== null && rssMb > softLimitMb && this.#isPssDue(pid)) {
        const pssMb = sum(await Promise.all(pids.map(readPssMb)))
        if (slot.run !== run) return
        if (Math.min(rssMb, pssMb ?? rssMb) > softLimitMb) this.#drain(slot, run, child, softLimitMb, children.size)
      }
    }
  }

  /** The container's memory is nearly used up: its largest child makes room. */
  relieve(slot: WorkerSlot, run: number, children: ReadonlyMap<number, number>, limitMb: number): void {
    const largest = readAll(children).reduce<Child | null>((best, child) => (child.rssMb > (best?.rssMb ?? 0) ? child : best), null)
    if (largest !== null) this.#drain(slot, run, largest, limitMb, children.size)
  }

  /** One at a time, and each worker as seldom as an isolated one: a limit below the app's own size must not keep it from serving. */
  #drain({ worker }: WorkerSlot, run: number, { pid, startTicks, rssMb }: Child, limitMb: number, siblings: number): void {
    const { memory, launch, drainTimeoutMs, stopTimeoutMs } = this.#settings
    const nowMs = this.#outside.clock.nowMs()
    if (this.#leaving !== null || nowMs - this.#askedAtMs < memory.replaceAtMostEveryMs / siblings) return
    this.#askedAtMs = nowMs
    this.#leaving = { pid, startTicks, killAtMs: nowMs + drainTimeoutMs + stopTimeoutMs }
    this.#outside.emit({ tag: 'MemoryExceeded', worker, run, pid, rssMb, limitMb, limit: 'soft' })
    this.#watch.excuse(pid)
    signalProcess(pid, launch.drainSignal)
  }

  #followLeaving(): void {
    if (this.#leaving === null) return
    const { pid, startTicks, killAtMs } = this.#leaving
    const stat = readStat(pid)
    if (stat?.startTicks !== startTicks || stat.state === 'Z') this.#leaving = null
    else if (this.#outside.clock.nowMs() >= killAtMs) this.#kill(pid, [pid, ...readDescendants(pid)])
  }

  #kill(pid: number, pids: readonly number[]): void {
    this.#watch.excuse(pid)
    for (const each of pids) signalProcess(each, 'SIGKILL')
  }

  #isPssDue(pid: number): boolean {
    const { pssEveryMs, rssEveryMs } = this.#settings.memory
    const nowMs = this.#outside.clock.nowMs()
    if (nowMs - (this.#pssAtMs.get(pid) ?? Number.NEGATIVE_INFINITY) < Math.min(pssEveryMs, 5 * rssEveryMs)) return false
    this.#pssAtMs.set(pid, nowMs)
    return true
  }
}

function readAll(children: ReadonlyMap<number, number>): Child[] {
  return [...children].flatMap(([pid, startTicks]) => {
    const pids = [pid, ...readDescendants(pid)]
    const rssMb = sum(pids.map(readRssMb))
    return rssMb === null ? [] : [{ pid, startTicks, pids, rssMb }]
  })
}

/** Of what could be read; null: nothing could. */
export function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0)
}
