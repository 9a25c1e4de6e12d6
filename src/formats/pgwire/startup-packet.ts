import { nulAt } from './field.ts'

/** The first packet of a client: the only one without a type byte (PostgreSQL manual, "Start-up" and "Message Formats"). */
export type StartupPacket =
  | { readonly tag: 'NeedMore' }
  | { readonly tag: 'Malformed'; readonly text: string }
  /** To be answered with one byte, `S` or `N`; another packet follows. */
  | { readonly tag: 'SslRequest'; readonly bytes: number }
  | { readonly tag: 'GssEncRequest'; readonly bytes: number }
  | { readonly tag: 'CancelRequest'; readonly bytes: number; readonly pid: number; readonly secret: Buffer }
  | {
      readonly tag: 'Startup'
      readonly bytes: number
      /** The minor version that was asked for. Greater than `newestMinor`: answer NegotiateProtocolVersion and go on. */
      readonly minor: number
      /** `user`, `database`, `options`, `application_name`, …; without the protocol's own options. */
      readonly parameters: Map<string, string>
      /** Names that begin with `_pq_.`: none is known, all are to be listed in NegotiateProtocolVersion. */
      readonly protocolOptions: readonly string[]
    }
  /** Protocol 2 and older, 4 and newer. */
  | { readonly tag: 'UnsupportedVersion'; readonly major: number; readonly minor: number }

/** The newest minor version of protocol 3 that is spoken here; 3.2 brought longer cancel keys (PostgreSQL 18). */
export const newestMinor = 2
export const protocolMajor = 3

/** Request codes in place of a version (`src/include/libpq/pqcomm.h`): 1234 in the upper half. */
export const requestCode = { Cancel: 80_877_102, Ssl: 80_877_103, GssEnc: 80_877_104 } as const

/** `MAX_STARTUP_PACKET_LENGTH` of the same file. */
const maxBytes = 10_000
/** `MAX_CANCEL_KEY_LENGTH` of `src/include/libpq/pqcomm.h`. */
const maxSecretBytes = 256

/** Reads the packet at the head of `buffer`; `bytes` is how much of it the packet takes. */
export function readStartupPacket(buffer: Buffer): StartupPacket {
  if (buffer.length < 4) return { tag: 'NeedMore' }
  const bytes = buffer.readUInt32BE(0)
  if (bytes < 8 || bytes > maxBytes) return { tag: 'Malformed', text: `length ${bytes} of a start-up packet` }
  if (buffer.length < bytes) return { tag: 'NeedMore' }
  const version = buffer.readInt32BE(4)
  if (version === requestCode.Ssl) return alone('SslRequest', bytes)
  if (version === requestCode.GssEnc) return alone('GssEncRequest', bytes)
  if (version === requestCode.Cancel) return readCancel(buffer, bytes)
  const major = version >>> 16
  const minor = version & 0xffff
  return major === protocolMajor ? readParameters(buffer, bytes, minor) : { tag: 'UnsupportedVersion', major, minor }
}

function alone(tag: 'SslRequest' | 'GssEncRequest', bytes: number): StartupPacket {
  return bytes === 8 ? { tag, bytes } : { tag: 'Malformed', text: `length ${bytes} of a ${tag}` }
}

function readCancel(buffer: Buffer, bytes: number): StartupPacket {
  const secretBytes = bytes - 12
  if (secretBytes < 1 || secretBytes > maxSecretBytes) return { tag: 'Malformed', text: `length ${bytes} of a CancelRequest` }
  return { tag: 'CancelRequest', bytes, pid: buffer.readInt32BE(8), secret: Buffer.from(buffer.subarray(12, bytes)) }
}

function readParameters(buffer: Buffer, bytes: number, minor: number): StartupPacket {
  const parameters = new Map<string, string>()
  const protocolOptions: string[] = []
  let at = 8
  while (at < bytes && buffer[at] !== 0) {
    const nameEnd = nulAt(buffer, at, bytes)
    const valueEnd = nameEnd < 0 ? -1 : nulAt(buffer, nameEnd + 1, bytes)
    if (valueEnd < 0) return { tag: 'Malformed', text: 'a start-up parameter does not end' }
    const name = buffer.toString('utf8', at, nameEnd)
    if (name.startsWith('_pq_.')) protocolOptions.push(name)
    else parameters.set(name, buffer.toString('utf8', nameEnd + 1, valueEnd))
    at = valueEnd + 1
  }
  if (at !== bytes - 1) return { tag: 'Malformed', text: 'a start-up packet does not end with its terminator' }
  if (!parameters.get('user')) return { tag: 'Malformed', text: 'a start-up packet names no user' }
  return { tag: 'Startup', bytes, minor, parameters, protocolOptions }
}
