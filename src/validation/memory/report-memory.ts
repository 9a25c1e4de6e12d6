import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { ValidationReport } from '../validation-report.ts'
import type { Footprint } from './footprint.ts'

/** A report and the files that it depends on. */
export interface Remembered {
  readonly report: ValidationReport
  readonly footprint: Footprint
}

/** Where a report outlives the process that made it. */
export interface ReportMemory {
  /** Null when nothing is kept for the key, or nothing that can be trusted. */
  recall(key: string): Remembered | null
  /** Replaces what was kept. Never throws: without it, everything is read again. */
  keep(key: string, remembered: Remembered): void
}

/** A thousand gems ask for some 20,000 paths of 120 bytes. */
const maxBytes = 32 * 1024 * 1024
const maxPaths = 100_000

interface Kept {
  readonly key: string
  readonly report: ValidationReport
  readonly footprint: readonly (readonly [string, string])[]
}

/**
 * One report in one file: the SHA-256 of the rest, a line feed, the rest as JSON. The digest tells a file that was cut or changed
 * from one that this version of bezel wrote; the folder must be private to its owner.
 */
export class ReportFile implements ReportMemory {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  recall(key: string): Remembered | null {
    try {
      if (statSync(this.#path).size > maxBytes) return null
      const text = readFileSync(this.#path, 'utf8')
      const end = text.indexOf('\n')
      const body = text.slice(end + 1)
      if (text.slice(0, end) !== digestOf(body)) return null
      const kept = JSON.parse(body) as Kept
      return kept.key === key ? { report: kept.report, footprint: new Map(kept.footprint) } : null
    } catch {
      return null
    }
  }

  keep(key: string, { report, footprint }: Remembered): void {
    const fresh = `${this.#path}.tmp`
    try {
      const body = JSON.stringify({ key, report, footprint: [...footprint] } satisfies Kept)
      if (footprint.size > maxPaths || body.length > maxBytes) return
      writeFileSync(fresh, `${digestOf(body)}\n${body}`, { mode: 0o600 })
      renameSync(fresh, this.#path)
    } catch {
      rmSync(fresh, { force: true })
    }
  }
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}
