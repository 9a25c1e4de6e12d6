import type { Socket } from 'node:net'
import { clientMessage, serverMessage } from '../../formats/pgwire/message-types.ts'
import { chunkEnd, MessageWalker } from '../../formats/pgwire/message-walker.ts'
import type { WalkRules } from '../../formats/pgwire/walk-rules.ts'
import type { Boundary } from '../server/clean-session.ts'
import type { ServerConnection, ServerReader } from '../server/server-connection.ts'
import type { SessionState } from '../session-state/session-state.ts'
import type { Loss } from './client-session.machine.ts'
import { HeldTail } from './held-tail.ts'
import { mayEndInLastWord, readLastWord, type LastWord } from './last-word.ts'
import { Unanswered } from './unanswered.ts'

export interface RelayPorts {
  /** The client spoke while there was no server connection. */
  spoke(): void
  /** The client said Terminate. */
  finished(): void
  violated(text: string): void
  serverLost(loss: Loss): void
}

/** What a client may send while there is no server connection, before it is no longer read, in bytes. */
const maxHeldBytes = 65_536

const none = Buffer.alloc(0)

/**
 * Passes bytes on between a client and the server connection that it has at the time, chunk by chunk, with back-pressure.
 * It holds back two things: what the client says while there is no server connection, and a FATAL, which may not be meant for the client.
 */
export class Relay implements ServerReader {
  /** What the server said last; null: it hasn't said a FATAL. */
  lastWord: LastWord | null = null
  readonly #client: Socket
  readonly #state: SessionState
  readonly #ports: RelayPorts
  readonly #walker: MessageWalker
  readonly #unanswered: Unanswered
  readonly #tail = new HeldTail()
  #server: ServerConnection | null = null
  #held: Buffer[] = []
  #heldBytes = 0
  #copyingIn = false
  /** The last message sent was neither Sync nor anything else that ReadyForQuery answers. */
  #unsynced = false
  /** The server got a part of a message whose rest will never come. */
  #torn = false
  /** The server warned that it ends at once. */
  #warned = false

  constructor(client: Socket, state: SessionState, rules: WalkRules, maxUnansweredBytes: number, ports: RelayPorts) {
    this.#client = client
    this.#state = state
    this.#walker = new MessageWalker(rules)
    this.#unanswered = new Unanswered(maxUnansweredBytes)
    this.#ports = ports
  }

  get busy(): boolean {
    return this.#unanswered.bytes > 0
  }

  /** Takes a server connection into use; first it gets again what the one before has not answered, then what was held. */
  attach(server: ServerConnection): void {
    this.#server = server
    this.lastWord = null
    this.#warned = false
    this.#copyingIn = false
    this.#tail.clear()
    for (const chunk of this.#unanswered.repeat()) server.write(chunk)
    server.read(this)
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    this.#client.resume()
    for (const chunk of held) this.onClientData(chunk)
  }

  /** Gives the server connection back, and says where the client left it; null when there is none. */
  detach(): Boundary | null {
    const server = this.#server
    if (server === null) return null
    this.#server = null
    server.leave(this)
    return {
      inMessage: this.#torn || this.#walker.inMessage,
      busy: this.busy,
      copyingIn: this.#copyingIn,
      inTransaction: this.#state.inTransaction,
    }
  }

  onClientData(chunk: Buffer): void {
    const server = this.#server
    if (server === null) return this.#hold(chunk)
    const walker = this.#walker
    const inside = walker.inMessage
    walker.feed(chunk)
    let type = walker.next()
    for (; type > chunkEnd && type !== clientMessage.Terminate; type = walker.next()) {
      if (walker.whole) this.#state.onClientMessage(type, walker.buffer, walker.start, walker.end)
      else this.#state.onClientMessageUnread(type, walker.buffer, walker.start, walker.end)
      this.#unsynced = type !== clientMessage.Sync && type !== clientMessage.Query && type !== clientMessage.FunctionCall
    }
    if (type < 0) {
      this.#torn = inside
      return this.#ports.violated(walker.fault)
    }
    if (type !== clientMessage.Terminate) return this.#toServer(server, chunk)
    this.#torn = inside && walker.from === 0
    if (walker.from > 0) this.#toServer(server, chunk.subarray(0, walker.from))
    this.#ports.finished()
  }

  onClientDrain(): void {
    this.#server?.resume()
  }

  onServerDrain(): void {
    this.#client.resume()
  }

  onServerClosed(): void {
    const loss = this.#lossNow(this.#server?.closedUnread === true)
    this.#server = null
    this.#ports.serverLost(loss)
  }

  onServerData(chunk: Buffer, walker: MessageWalker): void {
    const server = this.#server
    if (server === null) return
    if (mayEndInLastWord(chunk)) return this.#readLast(server, chunk, walker)
    let passed = 0
    for (let type = walker.next(); type > chunkEnd; type = walker.next()) {
      if (type === serverMessage.DataRow || type === serverMessage.CopyData) continue
      // Without its body when that was not put together: then it is the type that counts.
      const buffer = walker.whole ? walker.buffer : none
      const start = walker.whole ? walker.start : 0
      const end = walker.whole ? walker.end : 0
      const isWord = type === serverMessage.ErrorResponse || type === serverMessage.NoticeResponse
      if (isWord && this.#isLastWord(type, buffer, start, end)) {
        if (walker.from > passed) this.#toClient(server, chunk, passed, walker.from)
        passed = walker.to
        this.#tail.clear()
        if (this.lastWord !== null) return server.close(this.lastWord.message)
      } else this.#note(server, type, buffer, start, end)
    }
    if (walker.fault !== '') return server.close(walker.fault)
    const until = this.#tail.mustHold(walker) ? Math.max(passed, walker.from) : chunk.length
    if (until > passed) this.#toClient(server, chunk, passed, until)
    if (until < chunk.length) this.#tail.hold(chunk.subarray(until))
  }

  /**
   * For a chunk that may end in the server's last word. The answer before it that has no ReadyForQuery will never be complete: as long as nobody was told of it,
   * a read can be asked again. So the whole chunk is looked at before anything of it is passed on.
   */
  #readLast(server: ServerConnection, chunk: Buffer, walker: MessageWalker): void {
    const messages: { type: number; body: Buffer; to: number }[] = []
    for (let type = walker.next(); type > chunkEnd; type = walker.next()) {
      const body = walker.whole ? Buffer.from(walker.buffer.subarray(walker.start, walker.end)) : none
      messages.push({ type, body, to: walker.to })
    }
    const last = messages.at(-1)
    const isWord = last?.type === serverMessage.ErrorResponse || last?.type === serverMessage.NoticeResponse
    const isLast = isWord && this.#isLastWord(last.type, last.body, 0, last.body.length)
    const count = isLast ? messages.findLastIndex(({ type }) => type === serverMessage.ReadyForQuery) + 1 : messages.length
    for (const { type, body } of messages.slice(0, count)) {
      if (type !== serverMessage.DataRow && type !== serverMessage.CopyData) this.#note(server, type, body, 0, body.length)
    }
    const until = isLast ? (messages[count - 1]?.to ?? 0) : chunk.length
    if (until > 0) this.#toClient(server, chunk, 0, until)
    if (this.lastWord !== null) server.close(this.lastWord.message)
    else if (walker.fault !== '') server.close(walker.fault)
  }

  #note(server: ServerConnection, type: number, buffer: Buffer, start: number, end: number): void {
    this.#state.onServerMessage(type, buffer, start, end)
    if (type === serverMessage.ReadyForQuery) this.#ready()
    else if (type === serverMessage.ParameterStatus) server.noteParameter(buffer, start, end)
    else if (type === serverMessage.CopyInResponse) this.#copyingIn = true
    else if (type === serverMessage.CommandComplete || type === serverMessage.ErrorResponse) this.#copyingIn = false
  }

  #toServer(server: ServerConnection, chunk: Buffer): void {
    this.#unanswered.note(chunk)
    if (!server.write(chunk)) this.#client.pause()
  }

  #toClient(server: ServerConnection, chunk: Buffer, from: number, to: number): void {
    const tail = this.#tail.take()
    if (tail !== null) this.#client.write(tail)
    this.#unanswered.answering()
    const bytes = from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to)
    if (!this.#client.write(bytes)) server.pause()
  }

  #hold(chunk: Buffer): void {
    // Terminate alone: no server connection is needed for that.
    if (this.#heldBytes === 0 && !this.#walker.inMessage && chunk[0] === clientMessage.Terminate) return this.#ports.finished()
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    // Up to there it is read on, to see it go.
    if (this.#heldBytes > maxHeldBytes) this.#client.pause()
    this.#ports.spoke()
  }

  #ready(): void {
    this.#copyingIn = false
    if (this.#state.outstanding === 0 && !this.#unsynced && !this.#walker.inMessage) this.#unanswered.clear()
  }

  #isLastWord(type: number, buffer: Buffer, start: number, end: number): boolean {
    const word = readLastWord(type, buffer, start, end)
    if (word === 'warning') this.#warned = true
    else if (word !== null) this.lastWord = word
    return word !== null
  }

  #lossNow(closedUnread: boolean): Loss {
    const state = this.#state
    if (state.outcomeUnknown) return 'in-doubt'
    if (state.inTransaction || state.carry === 'untracked') return 'lost'
    if (!this.busy) return state.movable ? 'movable' : 'lost'
    // A read may be asked again when nothing of its answer was passed on, and when it is certain that it isn't what ended the server:
    // that said why it ended, or had closed before it could get the read. A backend that crashes says nothing.
    const innocent = this.lastWord !== null || this.#warned || (closedUnread && this.#unanswered.single)
    return innocent && this.#unanswered.repeatable && !this.#tail.holds ? 'owing' : 'lost'
  }
}
