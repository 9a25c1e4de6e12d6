import { freemem, loadavg, totalmem } from 'node:os'
import { readProcessState, type ProcessState } from './capture-process.ts'

export interface SystemState {
  readonly loadAverage: readonly number[]
  readonly memoryTotalMb: number
  readonly memoryFreeMb: number
  /** One entry a watched run that lives. */
  readonly runs: readonly { readonly worker: number; readonly run: number; readonly state: ProcessState }[]
}

const bytesPerMb = 1_048_576

/** The machine and these runs, read now without stopping anything. At most `maxEntries` of each list. */
export function readSystemState(
  runs: readonly { readonly worker: number; readonly run: number; readonly pid: number }[],
  maxEntries: number,
): SystemState {
  return {
    loadAverage: loadavg(),
    memoryTotalMb: Math.round(totalmem() / bytesPerMb),
    memoryFreeMb: Math.round(freemem() / bytesPerMb),
    runs: runs.flatMap(({ worker, run, pid }) => {
      const state = readProcessState(pid, maxEntries)
      return state === null ? [] : [{ worker, run, state }]
    }),
  }
}
