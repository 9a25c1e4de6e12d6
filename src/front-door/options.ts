/** Complete settings of the front door: plain data, made by the keeper, sent to the data plane. Times in milliseconds. */
export interface FrontDoorSettings {
  /** Client connections at once; at least 1. Further ones are closed as they come, and counted. */
  readonly maxConnections: number
  /** Length of the accept queue that is asked for (listen(2)); at least 1. */
  readonly backlog: number
  /** Longest request or answer head in bytes; at least 1024. */
  readonly maxHeadBytes: number
  /** Longest request target in bytes; at most `maxHeadBytes`. */
  readonly maxTargetBytes: number
  /** Header lines of one head; 1 to 1000. */
  readonly maxHeaders: number
  /** Longest request body in bytes; 0 is none. */
  readonly maxBodyBytes: number
  /** A body up to this long is read whole before a worker gets the request, and is kept so that it can be sent again. Bytes. */
  readonly holdBodyBytes: number
  /** Bytes of held bodies of all requests together; past it bodies are streamed instead. */
  readonly holdTotalBytes: number
  /** From the first byte of a head to its end. */
  readonly headTimeoutMs: number
  /** A kept-alive client connection without a request is closed after this long. */
  readonly idleTimeoutMs: number
  /** Longest pause while a body is read from a client, or an answer is written to one. */
  readonly bodyTimeoutMs: number
  /** From the moment that a worker got the request to the head of its answer, else 504 and a hang is reported. Streams may go on. */
  readonly requestTimeoutMs: number
  /** Requests that may wait for a slot; 0 is none. */
  readonly queueLimit: number
  /** Longest wait for a slot, else 503; longer than a boot, or a crash of all workers costs requests. */
  readonly queueTimeoutMs: number
  /** A suspect has its run to itself for this long at most. */
  readonly suspectAloneMs: number
  /** Failures in a row (5xx, or no answer) after which a run gets no requests for a while, if others do better; at least 1. */
  readonly failuresToEject: number
  /** How long the first ejection lasts; each further one in a row twice as long, up to `ejectCapMs`. */
  readonly ejectBaseMs: number
  readonly ejectCapMs: number
  /** Methods that may be sent to a second worker after the first died with them; upper case. */
  readonly repeatMethods: readonly string[]
  /** Peers whose `X-Forwarded-*` and `X-Request-Id` are believed: addresses or CIDR ranges. Unix-socket clients are always trusted. */
  readonly trustedPeers: readonly string[]
  /** `json`: one object a line; `text`: for eyes. Whether lines are written at all is the assembler's choice. */
  readonly accessLogFormat: 'json' | 'text'
}

/** Loopback, private (RFC 1918), carrier-grade NAT (RFC 6598), link-local and unique local (RFC 4193) ranges: where balancers live. */
const privateRanges = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]

export const frontDoorDefaults: FrontDoorSettings = {
  maxConnections: 10_000,
  backlog: 1_024,
  maxHeadBytes: 32_768,
  maxTargetBytes: 8_192,
  maxHeaders: 100,
  maxBodyBytes: 1_073_741_824,
  holdBodyBytes: 262_144,
  holdTotalBytes: 67_108_864,
  headTimeoutMs: 15_000,
  idleTimeoutMs: 75_000,
  bodyTimeoutMs: 30_000,
  requestTimeoutMs: 60_000,
  queueLimit: 1_000,
  queueTimeoutMs: 30_000,
  suspectAloneMs: 1_000,
  failuresToEject: 5,
  ejectBaseMs: 1_000,
  ejectCapMs: 30_000,
  repeatMethods: ['GET', 'HEAD', 'OPTIONS'],
  trustedPeers: privateRanges,
  accessLogFormat: 'json',
}
