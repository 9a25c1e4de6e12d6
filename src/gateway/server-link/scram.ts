import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { protocolFailure } from './connect-failure.ts'
import { saslprep } from './saslprep.ts'

const derive = promisify(pbkdf2)

/** More would keep one of Node's four threads busy for seconds; PostgreSQL's default is 4,096. */
const maxIterations = 5_000_000

/** What binds an exchange to its TLS channel, as the first field of SCRAM says it (RFC 5802 section 7, `gs2-cbind-flag`). */
export type ChannelBinding =
  /** Bound, with these bytes (RFC 5929, tls-server-end-point). */
  | { readonly tag: 'Bound'; readonly data: Buffer }
  /** Could be bound, but the server did not offer it: a server that did will notice that somebody removed its offer. */
  | { readonly tag: 'NotOffered' }
  | { readonly tag: 'Unsupported' }

/** The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677). PostgreSQL takes the user from the start-up packet: `n=` is empty. */
export class ScramClient {
  #password: string
  #binding: ChannelBinding
  #nonce: string
  #serverSignature: Buffer | null = null

  /** `nonce`: printable ASCII without commas, fresh for each exchange. */
  constructor(password: string, binding: ChannelBinding, nonce: string) {
    this.#password = password
    this.#binding = binding
    this.#nonce = nonce
  }

  get #gs2Header(): string {
    switch (this.#binding.tag) {
      case 'Bound':
        return 'p=tls-server-end-point,,'
      case 'NotOffered':
        return 'y,,'
      case 'Unsupported':
        return 'n,,'
    }
  }

  get #firstBare(): string {
    return `n=,r=${this.#nonce}`
  }

  first(): Buffer {
    return Buffer.from(this.#gs2Header + this.#firstBare)
  }

  /** Answers the server's first message. */
  async final(serverFirst: string): Promise<Buffer> {
    const [, nonce, salt, iterationText] =
      /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]*)(?:,|$)/.exec(serverFirst) ?? []
    if (nonce === undefined || salt === undefined) throw protocolFailure("the server's SCRAM message can't be read")
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) throw protocolFailure("the server's SCRAM nonce does not continue ours")
    const iterations = Number(iterationText)
    if (iterations > maxIterations) throw protocolFailure(`the server wants ${iterations} SCRAM iterations, more than ${maxIterations}`)

    const salted = await derive(saslprep(this.#password), Buffer.from(salt, 'base64'), iterations, 32, 'sha256')
    const bound = this.#binding.tag === 'Bound' ? this.#binding.data : Buffer.alloc(0)
    const channel = Buffer.concat([Buffer.from(this.#gs2Header), bound]).toString('base64')
    const withoutProof = `c=${channel},r=${nonce}`
    const signed = `${this.#firstBare},${serverFirst},${withoutProof}`

    const clientKey = hmac(salted, 'Client Key')
    const proof = hmac(createHash('sha256').update(clientKey).digest(), signed)
    for (let at = 0; at < proof.length; at += 1) proof[at]! ^= clientKey[at]!
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), signed)
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
  }

  /** Checks the server's last message: who doesn't know the password's verifier can't sign. */
  verify(serverFinal: string): void {
    const signature = Buffer.from(/^v=([A-Za-z0-9+/]+={0,2})(?:,|$)/.exec(serverFinal)?.[1] ?? '', 'base64')
    const expected = this.#serverSignature
    if (expected === null || signature.length !== expected.length || !timingSafeEqual(signature, expected))
      throw protocolFailure("the server's SCRAM signature is wrong: it does not know this password")
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
