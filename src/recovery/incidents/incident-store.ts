import { existsSync, readFileSync, statSync } from 'node:fs'
import { BezelError } from '../../errors.ts'
import { isIncidentId, type Incident } from './incident.ts'
import { IncidentFolder, reasonOf } from './incident-folder.ts'

/** An incident file is at most a report (1 MiB, escaped) and its state: anything larger is not ours. */
const maxFileBytes = 16 * 1024 * 1024

/** The spare folder may lie in memory, and a report has up to 1 MiB. */
const mostInSpare = 20

/** Where an incident was written, or would be. */
export interface IncidentPlace {
  /** The file, or the folder; null: nowhere. */
  readonly path: string | null
  /** Why the folder of the settings does not take it; null: it does. */
  readonly refusal: string | null
}

export interface IncidentList {
  /** Newest first. */
  readonly incidents: readonly Incident[]
  /** Files and folders that could not be read, with the reason. */
  readonly unreadable: readonly string[]
}

/** Incidents as files in a folder of their own; in the spare one, if there is one, while that can't be written. Both are read. */
export class IncidentStore {
  readonly #folder: IncidentFolder
  readonly #folders: readonly IncidentFolder[]

  constructor(folder: string, keep: number, spare: string | null = null) {
    this.#folder = new IncidentFolder(folder, keep)
    this.#folders = [this.#folder, ...(spare === null ? [] : [new IncidentFolder(spare, Math.min(keep, mostInSpare))])]
  }

  /** The folder that an incident would be written to now, found out by writing to it. */
  check(): IncidentPlace {
    const refusals = this.#folders.map((folder) => folder.refusal())
    const first = refusals.indexOf(null)
    return { path: this.#folders[first]?.path ?? null, refusal: refusals[0] ?? null }
  }

  /** Writes or replaces one incident. Throws nothing: the caller goes on without. */
  write(incident: Incident): IncidentPlace {
    const text = `${JSON.stringify(incident, null, 2)}\n`
    let refusal: string | null = null
    for (const folder of this.#folders) {
      try {
        return { path: folder.write(incident.id, text), refusal }
      } catch (error) {
        refusal ??= reasonOf(error)
      }
    }
    return { path: null, refusal }
  }

  /** Ids, newest first. An absent or unreadable folder has none. */
  ids(): string[] {
    return this.#look().ids
  }

  /** Throws DATA_UNREADABLE for an id that isn't there or a file that isn't an incident. */
  read(id: string): Incident {
    if (!isIncidentId(id)) throw unreadable(`'${id}' is not the id of an incident`)
    const files = this.#folders.map((folder) => folder.fileOf(id))
    const path = files.find((file) => existsSync(file))
    if (path === undefined) {
      const [refusal] = this.#look().refusals
      if (refusal !== undefined) throw unreadable(refusal)
      const where = this.#folders.map((folder) => folder.path).join(' or ')
      throw unreadable(
        `there is no incident ${id} in ${where}: it went when newer ones came, belongs to another app or folder, or could not be saved, which the log says then`,
      )
    }
    try {
      if (statSync(path).size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`)
      const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
      if (typeof read !== 'object' || read === null || !('id' in read) || read.id !== id || !('explanation' in read))
        throw new Error('not an incident')
      return read as Incident
    } catch (cause) {
      throw unreadable(`cannot read the incident ${path}: ${reasonOf(cause)}`, cause)
    }
  }

  /** At most `limit`, newest first; what can't be read is said, and costs no other. */
  list(limit: number): IncidentList {
    const { ids, refusals } = this.#look()
    const incidents: Incident[] = []
    const unreadable = [...refusals]
    for (const id of ids.slice(0, limit)) {
      try {
        incidents.push(this.read(id))
      } catch (error) {
        unreadable.push(reasonOf(error))
      }
    }
    return { incidents, unreadable }
  }

  #look(): { readonly ids: string[]; readonly refusals: readonly string[] } {
    const ids = new Set<string>()
    const refusals: string[] = []
    for (const folder of this.#folders) {
      try {
        for (const id of folder.ids()) ids.add(id)
      } catch (error) {
        refusals.push(`the incidents in ${folder.path} can't be read: ${reasonOf(error)}`)
      }
    }
    return { ids: [...ids].sort().reverse(), refusals }
  }
}

function unreadable(message: string, cause?: unknown): BezelError {
  return new BezelError('DATA_UNREADABLE', message, { remedy: ['bezel incidents'], ...(cause === undefined ? {} : { cause }) })
}
