import { readCString } from '../../formats/pgwire/field.ts'
import { clientMessage } from '../../formats/pgwire/message-types.ts'
import { authenticationCleartextPassword, negotiateProtocolVersion } from '../../formats/pgwire/server-messages.ts'
import { newestMinor, readStartupPacket, type StartupPacket } from '../../formats/pgwire/startup-packet.ts'

export interface Introduction {
  readonly user: string
  /** Null: the configured one goes with this user. */
  readonly password: string | null
  /** Null: the client names none. */
  readonly database: string | null
  readonly applicationName: string | undefined
  /** The other settings of the start-up message. */
  readonly startup: Readonly<Record<string, string>>
  readonly minor: number
}

/** What a client's first bytes call for. `reply` is written at once in any case. */
export type Greeted =
  | { readonly tag: 'NeedMore'; readonly reply: Buffer | null }
  | { readonly tag: 'Introduced'; readonly introduction: Introduction; readonly rest: Buffer; readonly reply: Buffer | null }
  | { readonly tag: 'Cancel'; readonly pid: number; readonly secret: Buffer }
  | { readonly tag: 'Refused'; readonly text: string; readonly sqlstate: string }

const refusesEncryption = Buffer.from('N')
/** `PG_MAX_AUTH_TOKEN_LENGTH` of `src/include/libpq/auth.h`. */
const maxPasswordBytes = 65_535

/**
 * Reads how a client introduces itself (PostgreSQL manual, "Start-up"). Who reaches the private socket is who it may be:
 * only for another user than the configured one is a password asked for, to be used towards the server.
 */
export class Greeting {
  #user: string
  #bytes: Buffer = Buffer.alloc(0)
  #startup: (StartupPacket & { tag: 'Startup' }) | null = null

  /** `user`: the one that needs no password. */
  constructor(user: string) {
    this.#user = user
  }

  read(chunk: Buffer): Greeted {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const replies: Buffer[] = []
    const reply = () => (replies.length === 0 ? null : Buffer.concat(replies))
    for (;;) {
      if (this.#startup !== null) return this.#readPassword(this.#startup, reply())
      const packet = readStartupPacket(this.#bytes)
      switch (packet.tag) {
        case 'NeedMore':
          return { tag: 'NeedMore', reply: reply() }
        case 'Malformed':
          return { tag: 'Refused', sqlstate: '08P01', text: packet.text }
        case 'UnsupportedVersion':
          return {
            tag: 'Refused',
            sqlstate: '0A000',
            text: `unsupported frontend protocol ${packet.major}.${packet.minor}: 3.0 to 3.${newestMinor} are supported`,
          }
        case 'CancelRequest':
          return { tag: 'Cancel', pid: packet.pid, secret: packet.secret }
        case 'SslRequest':
        case 'GssEncRequest':
          this.#bytes = this.#bytes.subarray(packet.bytes)
          replies.push(refusesEncryption)
          continue
        case 'Startup': {
          const replication = packet.parameters.get('replication') ?? 'false'
          if (!['false', 'off', 'no', '0'].includes(replication))
            return {
              tag: 'Refused',
              sqlstate: '0A000',
              text: 'replication connections do not go through the gateway: connect to the server itself',
            }
          this.#bytes = this.#bytes.subarray(packet.bytes)
          if (packet.minor > newestMinor || packet.protocolOptions.length > 0)
            replies.push(negotiateProtocolVersion(packet.minor, packet.protocolOptions))
          if (packet.parameters.get('user') === this.#user) return introduce(packet, null, this.#bytes, reply())
          replies.push(authenticationCleartextPassword)
          this.#startup = packet
        }
      }
    }
  }

  #readPassword(packet: StartupPacket & { tag: 'Startup' }, reply: Buffer | null): Greeted {
    const bytes = this.#bytes
    if (bytes.length < 5) return { tag: 'NeedMore', reply }
    const length = bytes.readUInt32BE(1)
    if (bytes[0] !== clientMessage.Password || length < 5 || length > maxPasswordBytes)
      return { tag: 'Refused', sqlstate: '08P01', text: 'expected a password response' }
    if (bytes.length < length + 1) return { tag: 'NeedMore', reply }
    return introduce(packet, readCString(bytes, 5, length + 1) ?? '', bytes.subarray(length + 1), reply)
  }
}

function introduce(
  { parameters, minor }: StartupPacket & { tag: 'Startup' },
  password: string | null,
  rest: Buffer,
  reply: Buffer | null,
): Greeted {
  const {
    user = '',
    database = null,
    application_name: applicationName,
    replication: _,
    ...startup
  } = Object.fromEntries<string | undefined>(parameters)
  const settings = Object.fromEntries(Object.entries(startup).map(([name, value]) => [name, value ?? '']))
  return {
    tag: 'Introduced',
    introduction: { user, password, database, applicationName, startup: settings, minor: Math.min(minor, newestMinor) },
    rest,
    reply,
  }
}
