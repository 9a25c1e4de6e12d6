import { plainWrite, type Statement } from './statement.ts'

/** What the completion of one message or statement will mean. */
export type Expected =
  | { readonly tag: 'Parsed'; readonly name: string; readonly body: Buffer; readonly statement: Statement }
  | { readonly tag: 'Closed'; readonly name: string }
  | { readonly tag: 'Executed'; readonly statement: Statement }

const none: readonly Statement[] = []

/** What SQL's PREPARE makes only reads and writes. */
const isPrepare = ({ effect }: Statement, name: string) => effect.tag === 'Prepare' && effect.name === name

/** Items of the queue; an even one has an entry in the list of what is expected. */
const item = {
  Void: 0,
  Parse: 1,
  ParseKept: 2,
  Execute: 3,
  ExecuteKept: 4,
  Close: 5,
  CloseKept: 6,
  Step: 7,
  StepKept: 8,
  Sync: 9,
  CopyEnd: 11,
  QueryEnd: 13,
} as const

/**
 * The answers that a server owes, in order: one for each Parse, Execute, Close and statement of a Query that was sent,
 * and a ReadyForQuery for each Sync and Query (PostgreSQL manual, "Message Flow"). Most cost one byte.
 */
export class AnswerQueue {
  /** ReadyForQuery messages owed. */
  readyOwed = 0
  #items = new Uint8Array(16)
  #head = 0
  #count = 0
  #expected: Expected[] = []
  /** The server takes copy data, and a Sync is nothing to it. */
  #copying = false

  get empty(): boolean {
    return this.#count === 0
  }

  /** Null: the answer will have no effect. */
  parse(expected: Expected | null): void {
    this.#push(item.Parse, expected)
  }

  /** Statements that may come to bear this name: their Parse or PREPARE is unanswered. */
  preparing(name: string): readonly Statement[] {
    if (this.#expected.length === 0) return none
    return this.#expected.flatMap((expected) => {
      if (expected.tag === 'Parsed') return expected.name === name ? [expected.statement] : []
      return expected.tag === 'Executed' && isPrepare(expected.statement, name) ? [plainWrite] : []
    })
  }

  execute(expected: Expected | null): void {
    this.#push(item.Execute, expected)
  }

  close(expected: Expected | null): void {
    this.#push(item.Close, expected)
  }

  /** One statement of a Query. */
  step(expected: Expected | null): void {
    this.#push(item.Step, expected)
  }

  queryEnd(): void {
    this.#push(item.QueryEnd, null)
    this.readyOwed += 1
  }

  sync(): void {
    if (this.#copying) return
    this.#push(item.Sync, null)
    this.readyOwed += 1
  }

  /** The client ended its copy data. */
  copyEnd(): void {
    if (this.#copying) this.#copying = false
    else if (this.#count > 0) this.#push(item.CopyEnd, null)
  }

  /** CopyInResponse: Syncs that were sent ahead of the data, as libpq does, get no ReadyForQuery (manual, "COPY Operations"). */
  copyBegins(): void {
    this.#copying = true
    for (let ahead = 1; ahead < this.#count; ahead += 1) {
      const at = (this.#head + ahead) % this.#items.length
      if (this.#items[at] === item.CopyEnd) {
        this.#copying = false
        return
      }
      if (this.#items[at] !== item.Sync) continue
      this.#items[at] = item.Void
      this.readyOwed -= 1
    }
  }

  parsed(): Expected | null {
    return this.#answer(item.Parse, item.Parse)
  }

  /** Also of what ended without a row, or was suspended. */
  completed(): Expected | null {
    return this.#answer(item.Execute, item.Step)
  }

  closed(): Expected | null {
    return this.#answer(item.Close, item.Close)
  }

  /** ErrorResponse: a Query ends there; anything else is skipped up to a Sync. */
  failed(): void {
    this.#copying = false
    this.#skipVoid()
    const first = this.#peek()
    const stop = first === item.Step || first === item.StepKept || first === item.QueryEnd ? item.QueryEnd : item.Sync
    while (this.#count > 0 && this.#peek() !== stop) this.#pop()
  }

  /** ReadyForQuery: whatever was expected before it won't come. */
  ready(): void {
    while (this.#count > 0) {
      const popped = this.#peek()
      this.#pop()
      if (popped === item.Sync || popped === item.QueryEnd) break
    }
    // Marks behind the last one mean nothing any more.
    this.#skipVoid()
  }

  #answer(kind: number, other: number): Expected | null {
    this.#skipVoid()
    const head = this.#peek()
    if (head !== kind && head !== kind + 1 && head !== other && head !== other + 1) return null
    return this.#pop()
  }

  #peek(): number {
    return this.#count === 0 ? item.Void : this.#items[this.#head]!
  }

  #pop(): Expected | null {
    const popped = this.#items[this.#head]!
    this.#head = (this.#head + 1) % this.#items.length
    this.#count -= 1
    if (popped === item.Sync || popped === item.QueryEnd) this.readyOwed -= 1
    return (popped & 1) === 0 && popped !== item.Void ? (this.#expected.shift() ?? null) : null
  }

  #skipVoid(): void {
    while (this.#count > 0 && (this.#peek() === item.Void || this.#peek() === item.CopyEnd)) this.#pop()
  }

  #push(code: number, expected: Expected | null): void {
    if (this.#count === this.#items.length) this.#grow()
    const capacity = this.#items.length
    this.#items[(this.#head + this.#count) % capacity] = expected === null ? code : code + 1
    this.#count += 1
    if (expected !== null) this.#expected.push(expected)
  }

  #grow(): void {
    const grown = new Uint8Array(2 * this.#items.length)
    for (let at = 0; at < this.#count; at += 1) grown[at] = this.#items[(this.#head + at) % this.#items.length]!
    this.#items = grown
    this.#head = 0
  }
}
