import type { Outside } from '../part.ts'
import type { ClusterWatch } from './cluster/cluster-watch.ts'
import { restartInPlace, type RestartInPlace } from './cluster/restart-in-place.ts'
import type { WorkersSettings } from './options.ts'
import type { WorkersPorts } from './ports.ts'
import type { Replaced, Replacements } from './replacements.ts'
import type { WorkerSlot } from './worker-slot.ts'

export interface RollingOutcome {
  readonly replaced: number
  /** The worker whose successor didn't become ready; the rest was left as it was. Null: all were replaced, or had gone. */
  readonly failed: number | null
}

/**
 * Replaces every run, one after the other, and ends with the first whose successor doesn't become ready. In mode `cluster` the
 * server replaces its own workers where it knows how; else it is stopped and started, and its port is closed meanwhile.
 */
export class RollingRestart {
  readonly #settings: WorkersSettings
  readonly #outside: Outside
  readonly #ports: Pick<WorkersPorts, 'mayReplace'>
  readonly #cluster: ClusterWatch
  readonly #replacements: Replacements
  #inPlace: Promise<RestartInPlace> | null = null

  constructor(
    settings: WorkersSettings,
    outside: Outside,
    ports: Pick<WorkersPorts, 'mayReplace'>,
    cluster: ClusterWatch,
    replacements: Replacements,
  ) {
    this.#settings = settings
    this.#outside = outside
    this.#ports = ports
    this.#cluster = cluster
    this.#replacements = replacements
  }

  async restart(slots: readonly WorkerSlot[]): Promise<RollingOutcome> {
    let replaced = 0
    for (const slot of slots) {
      const outcome = await this.#replace(slot)
      if (outcome === 'failed' || outcome === 'refused') return { replaced, failed: slot.worker }
      if (outcome === 'replaced') replaced += 1
    }
    return { replaced, failed: null }
  }

  async #replace(slot: WorkerSlot): Promise<Replaced> {
    if (slot.run !== null && this.#settings.mode === 'cluster') {
      if (!(await this.#ports.mayReplace())) return 'refused'
      this.#inPlace ??= restartInPlace(slot, this.#cluster, this.#settings, this.#outside).finally(() => (this.#inPlace = null))
      const outcome = await this.#inPlace
      if (outcome !== 'impossible') return outcome
    }
    return slot.run === null ? 'gone' : this.#replacements.request(slot, slot.run, 'asked')
  }
}
