import type { Outside } from '../../part.ts'
import { toCauseRequest, type Incident } from './incident.ts'
import type { IncidentStore } from './incident-store.ts'

/** Writes incidents, tells of each, and counts them. */
export class IncidentRecorder {
  readonly #store: IncidentStore
  readonly #emit: Outside['emit']
  #count = 0
  #unwritten = 0
  #last: string | null = null
  readonly #lastOf = new Map<number, string>()

  constructor(store: IncidentStore, emit: Outside['emit']) {
    this.#store = store
    this.#emit = emit
  }

  snapshot(): { readonly incidents: number; readonly unwritten: number; readonly lastIncident: string | null } {
    return { incidents: this.#count, unwritten: this.#unwritten, lastIncident: this.#last }
  }

  /** Id of the newest incident of one worker that can be read; null: there is none. */
  lastOf(worker: number): string | null {
    return this.#lastOf.get(worker) ?? null
  }

  record(incident: Incident): void {
    this.#count += 1
    this.#last = incident.id
    const { path, refusal } = this.#store.write(incident)
    if (path === null) this.#unwritten += 1
    else this.#lastOf.set(incident.worker, incident.id)
    const { kind, culprit, summary } = incident.explanation
    this.#emit({
      tag: 'IncidentRecorded',
      incident: incident.id,
      kind,
      worker: incident.worker,
      run: incident.run,
      culprit: culprit?.gem ?? culprit?.library ?? null,
      summary,
      request: toCauseRequest(incident),
      path,
      refusal,
    })
  }
}
