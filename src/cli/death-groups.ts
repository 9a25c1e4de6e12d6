import { createHash } from 'node:crypto'
import type { ExplainedEvent } from '../recovery/blame/explain-log.ts'
import type { Group } from './explain-format.ts'
import type { Source } from './explain-sources.ts'

/** So much of a log's beginning tells it from other logs, in bytes. */
const headBytes = 4_096

/** One log whose deaths are counted: its bytes first, then the deaths that were found in them. */
export interface CountedLog {
  push(chunk: Buffer): void
  add(death: ExplainedEvent): void
}

/** Deaths of many logs, grouped by fingerprint. A copy of a log, compressed or grown since, adds none that the other holds as well. */
export class DeathGroups {
  readonly #groups = new Map<string, Group>()
  readonly #seen = new Set<string>()

  /** The commonest first. */
  sorted(): Group[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count || a.first.localeCompare(b.first))
  }

  log(source: Source): CountedLog {
    let head = Buffer.alloc(0)
    return {
      push: (chunk) => {
        if (head.length < headBytes) head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)])
      },
      add: (death) => {
        // Without a time two processes may well have printed the same: then the name tells a copy.
        const when = death.loggedAt ?? source.path?.replace(/\.(?:gz|zst)$/, '') ?? ''
        const mark = createHash('sha256')
          .update(head)
          .update(`\n${death.explanation.fingerprint}\n${death.atLine}\n${when}`)
          .digest('base64')
        if (this.#seen.has(mark)) return
        this.#seen.add(mark)
        this.#count(death, source)
      },
    }
  }

  #count({ explanation, atLine, loggedAt }: ExplainedEvent, source: Source): void {
    const at = loggedAt ?? source.writtenAt ?? `line ${atLine}`
    const place = `${source.path ?? 'standard input'}:${atLine}`
    const group = this.#groups.get(explanation.fingerprint)
    const first = { count: 1, first: at, firstPlace: place, explanation }
    this.#groups.set(explanation.fingerprint, {
      ...(group === undefined ? first : { ...group, count: group.count + 1 }),
      last: at,
      lastPlace: place,
    })
  }
}
