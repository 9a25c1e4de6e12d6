/** How a request that was in flight at a death was settled. */
export type Settlement = 'sent-elsewhere' | 'suspect' | 'failed' | 'cut' | 'client-gone'

/** A request that its run had not answered when the run ended. Query strings are dropped: they hold secrets. */
export interface InFlightRequest {
  readonly id: string
  readonly method: string
  readonly path: string
  /** Time since it was sent to the run, in milliseconds. */
  readonly ageMs: number
  readonly settlement: Settlement
}

/** Facts of the front door. */
export type FrontDoorEvent =
  | {
      readonly tag: 'RunSettled'
      readonly run: number
      readonly requests: readonly InFlightRequest[]
      /** Id of the one request that was alone when the run died, else null. */
      readonly cause: string | null
    }
  | {
      readonly tag: 'RequestOverdue'
      readonly run: number
      readonly id: string
      readonly method: string
      readonly path: string
      readonly ageMs: number
    }
  | { readonly tag: 'RequestRefused'; readonly why: string; readonly status: number }
  | { readonly tag: 'RunUnreachable'; readonly run: number; readonly error: string }
  | { readonly tag: 'QueueFull'; readonly waiting: number }
  /** Told once, when it opens: the system's limit of descriptors is too low for the clients that are wanted. */
  | { readonly tag: 'ClientsLimited'; readonly wanted: number; readonly allowed: number; readonly openFiles: number }
