/** The header fields that the front door acts on; every other one is `other`. */
export const headerKind = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  expect: 6,
  /** Belongs to one connection, never forwarded. */
  hop: 7,
  forwardedFor: 8,
  forwardedProto: 9,
  forwardedHost: 10,
  requestId: 11,
  /** Says something that only a trusted peer may say. */
  vouched: 12,
  idempotencyKey: 13,
  accept: 14,
  contentType: 15,
  /** A name with an underscore: Rack maps `X_Forwarded_For` and `X-Forwarded-For` to one variable. */
  ambiguous: 16,
} as const

const names: readonly (readonly [string, number])[] = [
  ['host', headerKind.host],
  ['content-length', headerKind.contentLength],
  ['transfer-encoding', headerKind.transferEncoding],
  ['connection', headerKind.connection],
  ['upgrade', headerKind.upgrade],
  ['expect', headerKind.expect],
  // RFC 9110, section 7.6.1.
  ['keep-alive', headerKind.hop],
  ['proxy-connection', headerKind.hop],
  ['te', headerKind.hop],
  ['trailer', headerKind.hop],
  // CGI turns it into HTTP_PROXY, which HTTP client libraries obey (CVE-2016-5385).
  ['proxy', headerKind.hop],
  ['x-forwarded-for', headerKind.forwardedFor],
  ['x-forwarded-proto', headerKind.forwardedProto],
  ['x-forwarded-host', headerKind.forwardedHost],
  ['x-request-id', headerKind.requestId],
  ['forwarded', headerKind.vouched],
  ['x-real-ip', headerKind.vouched],
  ['client-ip', headerKind.vouched],
  ['x-request-start', headerKind.vouched],
  ['x-queue-start', headerKind.vouched],
  // Rack::Sendfile lets them name files to send (CVE-2025-61780).
  ['x-sendfile-type', headerKind.vouched],
  ['x-accel-mapping', headerKind.vouched],
  ['idempotency-key', headerKind.idempotencyKey],
  ['accept', headerKind.accept],
  ['content-type', headerKind.contentType],
]

interface Candidate {
  readonly name: Uint8Array
  readonly kind: number
}

const byLength: Candidate[][] = []
for (const [name, kind] of names) (byLength[name.length] ??= []).push({ name: Buffer.from(name), kind })

const vouchedPrefix = Buffer.from('x-forwarded-')
const none: readonly Candidate[] = []

/** The kind of the name at `bytes[start, end)`, which holds token octets only. */
export function headerKindOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  for (const { name, kind } of byLength[length] ?? none) if (startsWith(bytes, start, name)) return kind
  return length > vouchedPrefix.length && startsWith(bytes, start, vouchedPrefix) ? headerKind.vouched : headerKind.other
}

/** Compares without regard to case. Among token octets only letters become equal by setting bit 5 (0x20) to one of the names above. */
function startsWith(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) if ((bytes[start + index]! | 0x20) !== name[index]) return false
  return true
}
