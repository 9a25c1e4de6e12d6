import { nulAt } from '../../formats/pgwire/field.ts'
import { readCommandTag, readParameterStatus } from '../../formats/pgwire/message-fields.ts'
import { clientMessage, serverMessage, transactionStatus } from '../../formats/pgwire/message-types.ts'
import { AnswerQueue, type Expected } from './answer-queue.ts'
import { largeObjectFunctions } from './large-object-functions.ts'
import { Portals } from './portals.ts'
import { ReadingCache } from './reading-cache.ts'
import { replayMessages, setReported } from './replay.ts'
import { ReportedSettings } from './reported-settings.ts'
import { SentStatements } from './sent-statements.ts'
import { SessionContents, type SessionLimits } from './session-contents.ts'
import { oneOf, plainRead, plainWrite, tainted, type Statement } from './statement.ts'
import { UnnamedStatement } from './unnamed-statement.ts'

/** clean: nothing to recreate. tracked: `replay` recreates it. untracked: only the old connection has it. */
export type Carry = 'clean' | 'tracked' | 'untracked'

/** Rails keeps up to 1,000 prepared statements on a connection (`statement_limit`). */
export const sessionLimits: SessionLimits = { maxStatements: 1_200, maxBytes: 1_048_576, maxSettings: 200 }

const sharedCache = new ReadingCache()

/**
 * What a client's session has come to carry on its server connection, and whether a new one can be given the same.
 *
 * Feed it every message in both directions, in order, when it is passed on (not when it arrives and is held).
 * Tracked: settings (their SET, SELECT set_config or RESET, as they were written; when their transaction has committed), and prepared
 * statements, by Parse or PREPARE. What the server reports by ParameterStatus is the truth about these settings: a change that
 * no statement explains is tracked as well. Untracked: LISTEN, temporary tables, session advisory locks, cursors WITH HOLD,
 * DO, CALL, LOAD and functions that aren't on PostgreSQL's list of harmless ones; DISCARD ALL takes all of it back.
 * It can't see what runs unnamed: triggers, rules, defaults, operators and casts made by users.
 */
export class SessionState {
  #answers = new AnswerQueue()
  #contents: SessionContents
  #reported: ReportedSettings
  #sentStatements = new SentStatements()
  #unnamed = new UnnamedStatement()
  #portals = new Portals()
  #cache: ReadingCache

  #status: number = transactionStatus.Idle
  #errorSeen = false
  /** Messages of the extended protocol were sent since the last Sync: a transaction is open, if an implicit one. */
  #unsynced = false

  /** `parameters`: what the server has reported so far, and the client has been told. */
  constructor(parameters: ReadonlyMap<string, string>, limits: SessionLimits = sessionLimits, cache: ReadingCache = sharedCache) {
    this.#reported = new ReportedSettings(parameters)
    this.#contents = new SessionContents(limits)
    this.#cache = cache
  }

  /** ReadyForQuery messages that the server still owes. */
  get outstanding(): number {
    return this.#answers.readyOwed
  }

  /** Inside a transaction block, failed or not, as far as the server has said. */
  get inTransaction(): boolean {
    return this.#status !== transactionStatus.Idle
  }

  /** A COMMIT, or a write outside a transaction, is unanswered: if the server is lost now, the client must be told 08007, else 08006. */
  get outcomeUnknown(): boolean {
    return this.#sentStatements.uncertain
  }

  get carry(): Carry {
    const { settings, prepared, taints } = this.#contents
    if (taints.any) return 'untracked'
    const clean = settings.size === 0 && prepared.size === 0 && this.#unnamed.body === null && this.#unexplained().length === 0
    return clean ? 'clean' : 'tracked'
  }

  /** For people: `LISTEN`, `temporary table`, `function pay_invoice`. Null unless untracked. */
  get why(): string | null {
    return this.#contents.taints.why
  }

  /** Everything is answered, outside a transaction, and nothing is untracked: may get a new server connection. */
  get movable(): boolean {
    return this.#answers.empty && !this.#unsynced && !this.inTransaction && !this.#contents.taints.any
  }

  /** What the client was last told by ParameterStatus. */
  get parameters(): ReadonlyMap<string, string> {
    return this.#reported.now
  }

  /** `start` is the first byte behind the length, `end` one past the last byte of the message. */
  onClientMessage(type: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case clientMessage.Bind:
        return this.#onBind(buffer, start, end)
      case clientMessage.Execute:
        this.#unsynced = true
        this.#answers.execute(this.#sent(this.#portals.executed(buffer, start, end)))
        return
      case clientMessage.Sync:
        this.#unsynced = false
        this.#answers.sync()
        this.#unnamed.endRound()
        return this.#sentStatements.endRound(this.inTransaction)
      case clientMessage.Query:
        return this.#onQuery(buffer, start, end)
      case clientMessage.Parse:
        return this.#onParse(buffer, start, end)
      case clientMessage.Close:
        return this.#onClose(buffer, start, end)
      case clientMessage.CopyDone:
      case clientMessage.CopyFail:
        return this.#answers.copyEnd()
      case clientMessage.FunctionCall:
        return this.#onFunctionCall(buffer, start, end)
    }
  }

  /** A message too long to be held was passed on unread; of its body the part from `start` to `end` is known, perhaps nothing. */
  onClientMessageUnread(type: number, buffer: Buffer = Buffer.alloc(0), start = 0, end = 0): void {
    switch (type) {
      case clientMessage.Query:
        this.#unnamed.drop()
        this.#sent(tainted('other', 'a query too long to be read'))
        return this.#answers.queryEnd()
      case clientMessage.Parse:
        this.#unsynced = true
        this.#unnamed.drop()
        this.#sent(tainted('prepared', 'a prepared statement too long to be kept'))
        return this.#answers.parse(null)
      default:
        return this.onClientMessage(type, buffer, start, end)
    }
  }

  onServerMessage(type: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case serverMessage.DataRow:
        return
      case serverMessage.ReadyForQuery:
        return this.#onReady(buffer[start] ?? transactionStatus.Idle)
      case serverMessage.CommandComplete:
        return this.#onAnswer(this.#answers.completed(), buffer, start, end)
      case serverMessage.EmptyQueryResponse:
      case serverMessage.PortalSuspended:
        this.#answers.completed()
        return
      case serverMessage.ParseComplete:
        return this.#onAnswer(this.#answers.parsed(), buffer, start, end)
      case serverMessage.CloseComplete:
        return this.#onAnswer(this.#answers.closed(), buffer, start, end)
      case serverMessage.CopyInResponse:
        return this.#answers.copyBegins()
      case serverMessage.ErrorResponse:
        this.#errorSeen = true
        this.#unnamed.failed()
        return this.#answers.failed()
      case serverMessage.ParameterStatus:
        return this.#onParameter(buffer, start, end)
    }
  }

  /**
   * The messages that recreate the session on a fresh connection, opened with the same start-up parameters; empty when clean.
   * They end with one Sync, so exactly one ReadyForQuery (`I`) comes back. An ErrorResponse before it means that the session can't be moved.
   * Feed neither these messages nor their answers to this object; then call `moved` with what the new server reported.
   */
  replay(): Buffer {
    const { settings, prepared } = this.#contents
    for (const [name, value] of this.#unexplained()) settings.put(name.toLowerCase(), setReported(name, value))
    return replayMessages(settings.statements(), prepared.all(), this.#unnamed.body)
  }

  /**
   * The session lives on another connection, which has reported `parameters` up to the end of the replay.
   * Returns the ParameterStatus messages to send to the client, for what differs from what it was told.
   */
  moved(parameters: ReadonlyMap<string, string>): Buffer {
    return this.#reported.move(parameters)
  }

  #unexplained(): (readonly [string, string])[] {
    return [...this.#reported.changed()].filter(([name]) => !this.#contents.settings.has(name.toLowerCase()))
  }

  #read(buffer: Buffer, start: number, end: number): readonly Statement[] {
    const { readable, standardStrings, now } = this.#reported
    if (!readable) return [tainted('other', `SQL in client_encoding ${now.get('client_encoding') ?? ''}`)]
    return this.#cache.read(buffer, start, end, standardStrings)
  }

  #onQuery(buffer: Buffer, start: number, end: number): void {
    this.#unnamed.drop()
    const statements = this.#read(buffer, start, end - 1)
    for (const statement of statements) this.#answers.step(this.#sent(statement))
    // An empty query is answered as one statement.
    if (statements.length === 0) this.#answers.step(null)
    this.#answers.queryEnd()
    this.#unnamed.endRound()
    this.#sentStatements.endRound(this.inTransaction)
  }

  #onParse(buffer: Buffer, start: number, end: number): void {
    this.#unsynced = true
    const nameEnd = nulAt(buffer, start, end)
    const sqlEnd = nameEnd < 0 ? -1 : buffer.indexOf(0, nameEnd + 1)
    if (sqlEnd < 0 || sqlEnd >= end) return this.#answers.parse(null)
    const statement = this.#read(buffer, nameEnd + 1, sqlEnd)[0] ?? plainRead
    if (nameEnd === start) {
      this.#unnamed.keep(buffer, start, end, statement)
      return this.#answers.parse(null)
    }
    const name = buffer.toString('latin1', start, nameEnd)
    this.#answers.parse({ tag: 'Parsed', name, body: Buffer.from(buffer.subarray(start, end)), statement })
  }

  #onBind(buffer: Buffer, start: number, end: number): void {
    this.#unsynced = true
    const portalEnd = nulAt(buffer, start, end)
    const nameEnd = portalEnd < 0 ? -1 : nulAt(buffer, portalEnd + 1, end)
    if (nameEnd < 0) return this.#portals.bindUnknown()
    const statement = nameEnd === portalEnd + 1 ? this.#unnamed.statement : this.#named(buffer.toString('latin1', portalEnd + 1, nameEnd))
    this.#portals.bind(buffer, start, portalEnd, statement)
  }

  #named(name: string): Statement {
    const prepared = this.#contents.prepared.get(name)
    const known = prepared?.tag === 'Parse' ? prepared.statement : plainWrite
    const coming = this.#answers.preparing(name)
    if (coming.length === 0) return known
    // A second Parse of a name fails while the first stands: which of them it means is for the server to say.
    return oneOf(prepared === undefined ? coming : [known, ...coming], `statement ${name}, prepared twice before an answer`)
  }

  #onClose(buffer: Buffer, start: number, end: number): void {
    this.#unsynced = true
    const nameEnd = nulAt(buffer, start + 1, end)
    const ofStatement = buffer[start] === 0x53
    if (ofStatement && nameEnd === start + 1) this.#unnamed.drop()
    this.#answers.close(ofStatement && nameEnd > start + 1 ? { tag: 'Closed', name: buffer.toString('latin1', start + 1, nameEnd) } : null)
  }

  #onFunctionCall(buffer: Buffer, start: number, end: number): void {
    const id = end - start >= 4 ? buffer.readInt32BE(start) : 0
    this.#sent(largeObjectFunctions.has(id) ? plainWrite : tainted('other', `function with id ${id}`))
    this.#answers.queryEnd()
  }

  /** Gives what the statement's answer will mean; null: nothing. */
  #sent(statement: Statement): Expected | null {
    if (statement === plainRead) return null
    this.#sentStatements.add(statement)
    if (statement === plainWrite) return null
    this.#contents.sent(statement)
    return { tag: 'Executed', statement }
  }

  #onReady(status: number): void {
    this.#answers.ready()
    this.#status = status
    if (status === transactionStatus.Idle) {
      if (this.#errorSeen) this.#contents.settings.rollback()
      else this.#contents.commit()
      this.#portals.clear()
    }
    this.#errorSeen = false
    if (!this.#answers.empty) return
    this.#unnamed.settle()
    this.#sentStatements.settle(this.inTransaction)
  }

  #onAnswer(expected: Expected | null, buffer: Buffer, start: number, end: number): void {
    if (expected !== null) this.#contents.answered(expected, () => readCommandTag(buffer, start, end))
  }

  #onParameter(buffer: Buffer, start: number, end: number): void {
    const status = readParameterStatus(buffer, start, end)
    if (status === null || !this.#reported.report(status.name, status.value)) return
    const { name } = status
    const reads = name === 'client_encoding' || name === 'standard_conforming_strings'
    if (reads && this.#contents.prepared.size > 0)
      this.#contents.taints.add({ kind: 'other', what: `${name} changed behind prepared statements` })
  }
}
