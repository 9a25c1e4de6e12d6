export interface SessionFacts {
  readonly worker: number | null
  readonly run: number
  readonly applicationName: string | undefined
  readonly busy: boolean
  readonly inTransaction: boolean
  /** Since the client last said something. */
  readonly quietMs: number
  readonly connectedMs: number
}

/** One line for a diagnosis; the states are named as pg_stat_activity does. */
export function describeSession({ worker, run, applicationName, busy, inTransaction, quietMs, connectedMs }: SessionFacts): string {
  const whose = `${worker === null ? '' : `worker ${worker} `}run ${run} (${applicationName ?? 'no application_name'})`
  const state = `${busy ? 'active' : 'idle'}${inTransaction ? ' in transaction' : ''}`
  return `${whose}, ${state} for ${seconds(quietMs)}, connected for ${seconds(connectedMs)}`
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
