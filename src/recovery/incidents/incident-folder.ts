import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../system/make-folder.ts'
import { isIncidentId } from './incident.ts'

/** One folder of incidents, `<id>.json`, the newest `keep` of them. */
export class IncidentFolder {
  readonly path: string
  readonly #keep: number

  constructor(path: string, keep: number) {
    this.path = path
    this.#keep = keep
  }

  fileOf(id: string): string {
    return join(this.path, `${id}.json`)
  }

  /**
   * Writes or replaces one file: complete or not at all (a temporary file, fsync, rename), readable by its owner only; answers its path.
   * Throws what the file system throws.
   */
  write(id: string, text: string): string {
    makeFolder(this.path)
    const file = this.fileOf(id)
    try {
      writeWhole(`${file}.tmp`, text)
      renameSync(`${file}.tmp`, file)
    } catch (error) {
      rmSync(`${file}.tmp`, { force: true })
      throw error
    }
    this.#prune()
    return file
  }

  /** Null when a file can be written here now, found out by writing one; else what speaks against it. */
  refusal(): string | null {
    const file = join(this.path, `.writable-${process.pid}`)
    try {
      makeFolder(this.path)
      writeWhole(file, '')
      rmSync(file)
      return null
    } catch (error) {
      return reasonOf(error)
    }
  }

  /** Ids in any order; an absent folder has none. Throws what readdir(3) says else. */
  ids(): string[] {
    try {
      return readdirSync(this.path)
        .filter((name) => name.endsWith('.json'))
        .map((name) => name.slice(0, -'.json'.length))
        .filter(isIncidentId)
    } catch (error) {
      if (isAbsent(error)) return []
      throw error
    }
  }

  #prune(): void {
    for (const id of this.ids().sort().reverse().slice(this.#keep)) rmSync(this.fileOf(id), { force: true })
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function writeWhole(path: string, text: string): void {
  const fd = openSync(path, 'w', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
