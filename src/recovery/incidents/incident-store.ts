import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BezelError } from '../../errors.ts'
import { makeFolder } from '../../system/make-folder.ts'
import { isIncidentId, type Incident } from './incident.ts'

/** An incident file is at most a report (1 MiB, escaped) and its state: anything larger is not ours. */
const maxFileBytes = 16 * 1024 * 1024

export interface IncidentList {
  /** Newest first. */
  readonly incidents: readonly Incident[]
  /** Files that could not be read, with the reason. */
  readonly unreadable: readonly string[]
}

/** Incidents as files, `<id>.json`, in a folder of their own. */
export class IncidentStore {
  readonly #folder: string
  readonly #keep: number

  constructor(folder: string, keep: number) {
    this.#folder = folder
    this.#keep = keep
  }

  /**
   * Writes or replaces one incident: complete or not at all (a temporary file, fsync, rename), readable by its owner only.
   * Throws what the file system throws: the caller goes on without.
   */
  write(incident: Incident): void {
    makeFolder(this.#folder)
    const path = join(this.#folder, `${incident.id}.json`)
    const fd = openSync(`${path}.tmp`, 'w', 0o600)
    try {
      writeSync(fd, `${JSON.stringify(incident, null, 2)}\n`)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(`${path}.tmp`, path)
    this.#prune()
  }

  /** Ids, newest first. An absent folder has none. */
  ids(): string[] {
    try {
      const names = readdirSync(this.#folder).filter((name) => name.endsWith('.json'))
      return names
        .map((name) => name.slice(0, -'.json'.length))
        .filter(isIncidentId)
        .sort()
        .reverse()
    } catch {
      return []
    }
  }

  /** Throws DATA_UNREADABLE for an id that isn't there or a file that isn't an incident. */
  read(id: string): Incident {
    if (!isIncidentId(id)) throw new BezelError('DATA_UNREADABLE', `'${id}' is not the id of an incident`, { remedy: ['bezel incidents'] })
    const path = join(this.#folder, `${id}.json`)
    try {
      if (statSync(path).size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`)
      const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
      if (typeof read !== 'object' || read === null || !('id' in read) || read.id !== id || !('explanation' in read))
        throw new Error('not an incident')
      return read as Incident
    } catch (cause) {
      throw new BezelError(
        'DATA_UNREADABLE',
        `cannot read the incident ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
        {
          remedy: ['bezel incidents'],
          cause,
        },
      )
    }
  }

  /** At most `limit`, newest first; a file that can't be read is said, and costs no other. */
  list(limit: number): IncidentList {
    const incidents: Incident[] = []
    const unreadable: string[] = []
    for (const id of this.ids().slice(0, limit)) {
      try {
        incidents.push(this.read(id))
      } catch (error) {
        unreadable.push(error instanceof Error ? error.message : String(error))
      }
    }
    return { incidents, unreadable }
  }

  #prune(): void {
    for (const id of this.ids().slice(this.#keep)) {
      try {
        unlinkSync(join(this.#folder, `${id}.json`))
      } catch {
        // Someone else removed it.
      }
    }
  }
}
