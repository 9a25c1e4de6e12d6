/** Facts of the keeper itself, and of shutdown. */
export type KeeperEvent =
  | { readonly tag: 'DataPlaneStarted'; readonly era: number; readonly pid: number }
  | { readonly tag: 'DataPlaneServing'; readonly era: number; readonly tookMs: number }
  | {
      readonly tag: 'DataPlaneDied'
      readonly era: number
      readonly pid: number
      readonly code: number | null
      readonly signal: string | null
    }
  | { readonly tag: 'PortOpened'; readonly url: string }
  /** A worker is connected to a database server by itself, although the gateway stands before it. */
  | {
      readonly tag: 'GatewayBypassed'
      readonly worker: number
      readonly run: number
      readonly databases: readonly string[]
      readonly address: string
      readonly remedy: readonly string[]
    }
  /** `leftMs`: until the deadline of the whole stop. */
  | { readonly tag: 'ShutdownPhase'; readonly phase: string; readonly leftMs: number }
  | { readonly tag: 'Stopped'; readonly exitCode: number; readonly requestsCut: number; readonly transactionsCut: number }
