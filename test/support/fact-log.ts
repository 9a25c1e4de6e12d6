import type { BezelEvent } from '../../src/events.ts'

export type FactOf<Tag extends BezelEvent['tag']> = Extract<BezelEvent, { tag: Tag }>

/** When bezel told a fact that was read from its log: milliseconds since 1970, by its clock. */
export function toldAtMs(fact: BezelEvent): number {
  return 'time' in fact && typeof fact.time === 'string' ? Date.parse(fact.time) : NaN
}

const maxTailBytes = 65_536
const maxFacts = 100_000

/** Reads the facts out of bezel's log (JSON lines that have a `tag`), and keeps the end of all that was written. */
export class FactLog {
  private readonly told: BezelEvent[] = []
  private readonly waiting = new Set<() => void>()
  private rest = ''
  private last = ''
  private ended = false

  write(chunk: Buffer): void {
    const text = chunk.toString()
    this.last = (this.last + text).slice(-maxTailBytes)
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      const fact = readFact(line)
      if (fact !== null && this.told.length < maxFacts) this.told.push(fact)
    }
    for (const look of this.waiting) look()
  }

  /** Nothing more comes. */
  end(): void {
    this.ended = true
    for (const look of this.waiting) look()
  }

  facts(): readonly BezelEvent[] {
    return this.told
  }

  tail(): string {
    return this.last
  }

  wait<Tag extends BezelEvent['tag']>(tag: Tag, matches: (fact: FactOf<Tag>) => boolean, withinMs: number): Promise<FactOf<Tag>> {
    return new Promise((resolve, reject) => {
      let seen = 0
      const look = () => {
        for (; seen < this.told.length; seen += 1) {
          const fact = this.told[seen]
          if (fact?.tag === tag && matches(fact as FactOf<Tag>)) return finish(() => resolve(fact as FactOf<Tag>))
        }
        if (this.ended) finish(() => reject(new Error(`bezel ended without telling ${tag}:\n${this.last.slice(-8_000)}`)))
      }
      const finish = (settle: () => void) => {
        clearTimeout(timer)
        this.waiting.delete(look)
        settle()
      }
      const timer = setTimeout(
        () => finish(() => reject(new Error(`bezel did not tell ${tag} within ${withinMs} ms:\n${this.last.slice(-8_000)}`))),
        withinMs,
      )
      this.waiting.add(look)
      look()
    })
  }
}

function readFact(line: string): BezelEvent | null {
  if (!line.startsWith('{') || !line.includes('"tag"')) return null
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'tag' in value ? (value as BezelEvent) : null
  } catch {
    return null
  }
}
