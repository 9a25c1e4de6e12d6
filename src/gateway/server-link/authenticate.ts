import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { passwordMessage, saslInitialResponse, saslResponse } from '../../formats/pgwire/client-messages.ts'
import { errorResponse } from '../../formats/pgwire/error-fields.ts'
import { ConnectFailed, protocolFailure } from './connect-failure.ts'
import { serverEndPoint } from './end-point.ts'
import { md5Password } from './md5-password.ts'
import { ScramClient, type ChannelBinding } from './scram.ts'
import type { ServerTarget } from './target.ts'

/** Kinds of an Authentication message (PostgreSQL manual, "Message Formats"). */
const kinds = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const
const otherKinds: Readonly<Record<number, string>> = { 2: 'Kerberos', 6: 'SCM', 7: 'GSS', 8: 'GSS', 9: 'SSPI' }

const plus = 'SCRAM-SHA-256-PLUS'
const plain = 'SCRAM-SHA-256'

/** The client's side of authentication: fed with every Authentication message, until `done`. */
export class Authentication {
  done = false
  #socket: Socket
  #target: ServerTarget
  #scram: ScramClient | null = null
  #proven = false
  #bound = false

  constructor(socket: Socket, target: ServerTarget) {
    this.#socket = socket
    this.#target = target
  }

  /** `body` of an Authentication message. */
  async answer(body: Buffer): Promise<void> {
    if (body.length < 4) throw protocolFailure('an authentication request has no kind')
    const kind = body.readInt32BE(0)
    switch (kind) {
      case kinds.ok:
        return this.#accept()
      case kinds.cleartext:
        this.#unbound('a password in clear')
        this.#socket.write(passwordMessage(this.#password()))
        return
      case kinds.md5:
        this.#unbound('an MD5 password')
        this.#socket.write(passwordMessage(md5Password(this.#target.user, this.#password(), body.subarray(4, 8))))
        return
      case kinds.sasl:
        this.#begin(body.toString('utf8', 4).split('\0'))
        return
      case kinds.saslContinue:
        this.#socket.write(saslResponse(await this.#inExchange().final(body.toString('utf8', 4))))
        return
      case kinds.saslFinal:
        this.#inExchange().verify(body.toString('utf8', 4))
        this.#proven = true
        return
      default:
        throw protocolFailure(`the server asks for ${otherKinds[kind] ?? `authentication of kind ${kind}`}, which is not supported`)
    }
  }

  #accept(): void {
    // A false server would rather not show that it doesn't know the password.
    if (this.#scram !== null && !this.#proven) throw protocolFailure('the server ended SCRAM without its signature')
    if (!this.#bound) this.#unbound('no authentication')
    this.done = true
  }

  #begin(offered: readonly string[]): void {
    const binding = this.#chooseBinding(offered.includes(plus))
    const mechanism = binding.tag === 'Bound' ? plus : plain
    if (!offered.includes(mechanism)) throw protocolFailure(`the server offers no SASL mechanism but ${offered.filter(Boolean).join(', ')}`)
    this.#bound = binding.tag === 'Bound'
    if (!this.#bound) this.#unbound('SCRAM without channel binding')
    this.#scram = new ScramClient(this.#password(), binding, randomBytes(18).toString('base64'))
    this.#socket.write(saslInitialResponse(mechanism, this.#scram.first()))
  }

  #chooseBinding(offered: boolean): ChannelBinding {
    const data = this.#target.channelBinding === 'disable' ? null : serverEndPoint(this.#socket)
    if (data === null) return { tag: 'Unsupported' }
    return offered ? { tag: 'Bound', data } : { tag: 'NotOffered' }
  }

  #inExchange(): ScramClient {
    if (this.#scram === null) throw protocolFailure('a SCRAM message came outside an exchange')
    return this.#scram
  }

  #unbound(how: string): void {
    if (this.#target.channelBinding === 'require') throw protocolFailure(`channel_binding=require, but the server wants ${how}`)
  }

  /** Without one this is a refusal like the server's own, so that a client gets to read it. */
  #password(): string {
    const { password, user } = this.#target
    if (password !== null) return password
    const error = {
      severity: 'FATAL',
      sqlstate: '28P01',
      message: `no password is configured for user "${user}", and the server asks for one`,
    } as const
    throw new ConnectFailed({ tag: 'Refused', sqlstate: error.sqlstate, text: error.message, bytes: errorResponse(error) })
  }
}
