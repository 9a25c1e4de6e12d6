import type { BezelEvent } from '../events.ts'
import type { ServerSession } from '../events/gateway.ts'

/** Where a run listens: its own Unix socket, or a loopback port where its server knows only `$PORT`. What `net.connect` takes, tag aside. */
export type Address =
  | { readonly tag: 'Unix'; /** Absolute. */ readonly path: string }
  | { readonly tag: 'Tcp'; /** An IP address. */ readonly host: string; readonly port: number }

/** A run that may get requests, as the front door must know it. */
export interface ServingRun {
  readonly worker: number
  readonly run: number
  readonly processGroup: number
  readonly address: Address
  /** Requests it serves at once: the threads of its server. */
  readonly slots: number
  /** After this long idle its server may close a keep-alive connection, in milliseconds. */
  readonly keepAliveTimeoutMs: number
}

/** A run whose process lives; `serving` is null while it boots. */
export interface LiveRun {
  readonly worker: number
  readonly run: number
  readonly processGroup: number
  readonly serving: ServingRun | null
}

/** What a bound, not yet listening handle is for. It travels with the message. */
export type ListenerPurpose =
  | { readonly tag: 'Public' }
  | { readonly tag: 'Gateway'; readonly worker: number; readonly run: number; readonly database: string }

/**
 * Keeper to data plane. `Configure` is the first; `FrontDoor` and `Gateway` are the parts' plain settings.
 * `era` numbers the data planes of one keeper from 1.
 */
export type ToDataPlane<FrontDoor, Gateway> =
  | { readonly tag: 'Configure'; readonly era: number; readonly frontDoor: FrontDoor | null; readonly gateway: Gateway | null }
  /** After a predecessor's death: which runs live, and the server sessions that it left. */
  | { readonly tag: 'Adopt'; readonly runs: readonly LiveRun[]; readonly sessions: readonly ServerSession[] }
  | { readonly tag: 'Listener'; readonly purpose: ListenerPurpose }
  | { readonly tag: 'RunStarting'; readonly worker: number; readonly run: number; readonly processGroup: number }
  | { readonly tag: 'RunReady'; readonly run: ServingRun }
  /** No new requests; with `RunDrained` the data plane says when the last one is answered. */
  | { readonly tag: 'DrainRun'; readonly run: number }
  | { readonly tag: 'PauseRun'; readonly run: number }
  | { readonly tag: 'ResumeRun'; readonly run: number }
  /**
   * Reaped, its process group killed: the fence may begin. `killed`: SIGKILL took it without a crash or a hang before
   * (out of memory, an operator), which a request that was alone in it need not have caused.
   */
  | { readonly tag: 'RunExited'; readonly run: number; readonly killed: boolean; readonly incident: string | null }
  | { readonly tag: 'AskSnapshot' }
  /** The log's file was rotated away: write to the one that is now at this absolute path. */
  | { readonly tag: 'ReopenLog'; readonly path: string }
  | { readonly tag: 'StopAccepting' }
  /** Finish requests within `withinMs`; answered by `Drained`. */
  | { readonly tag: 'DrainRequests'; readonly withinMs: number }
  /** Return leases, close server connections, end; answered by `Closed`, then the process exits. */
  | { readonly tag: 'Close'; readonly withinMs: number }

/** Data plane to keeper. */
export type ToKeeper<FrontDoorSnapshot, GatewaySnapshot> =
  | { readonly tag: 'Configured'; readonly era: number }
  | { readonly tag: 'Listening'; readonly purpose: ListenerPurpose }
  | { readonly tag: 'ListenFailed'; readonly purpose: ListenerPurpose; readonly code: string }
  | { readonly tag: 'RunDrained'; readonly run: number }
  /** At once after `RunExited`, before the fence: how many requests it held. */
  | { readonly tag: 'RunHeld'; readonly run: number; readonly requests: number }
  | { readonly tag: 'Fact'; readonly event: BezelEvent }
  | { readonly tag: 'Snapshot'; readonly frontDoor: FrontDoorSnapshot | null; readonly gateway: GatewaySnapshot | null }
  | { readonly tag: 'Drained'; readonly requestsCut: number }
  | { readonly tag: 'Closed'; readonly transactionsCut: number }
