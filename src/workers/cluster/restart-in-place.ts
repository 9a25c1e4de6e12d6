import type { Outside } from '../../part.ts'
import { signalProcess } from '../../system/process-group.ts'
import { every } from '../../resilience/every.ts'
import type { WorkersSettings } from '../options.ts'
import type { WorkerSlot } from '../worker-slot.ts'
import { livingChildren, type ClusterWatch } from './cluster-watch.ts'

/** `impossible`: this server knows no such signal, or has no workers of its own. */
export type RestartInPlace = 'replaced' | 'failed' | 'impossible'

/**
 * A rolling restart in mode `cluster`: the server's own. It owns its port, so no second run could boot beside the first; but servers
 * that fork replace their workers on a signal, and keep the port meanwhile. Done when none of the old workers is left and
 * as many are there again; bounded by what start and drain of all of them may take.
 */
export async function restartInPlace(
  slot: WorkerSlot,
  watch: ClusterWatch,
  settings: WorkersSettings,
  outside: Outside,
): Promise<RestartInPlace> {
  const { clock } = outside
  const { run, livePid: server, worker } = slot
  const { restartSignal } = settings.launch
  const before = server === null ? new Map<number, number>() : livingChildren(server)
  if (run === null || server === null || restartSignal === null || before.size === 0 || slot.state.tag !== 'Ready') return 'impossible'
  const beganMs = clock.nowMs()
  const endMs = beganMs + before.size * (settings.startTimeoutMs + settings.drainTimeoutMs)
  outside.emit({ tag: 'ClusterRestarting', worker, run, signal: restartSignal })
  for (const pid of before.keys()) watch.excuse(pid)
  signalProcess(server, restartSignal)
  const outcome = await new Promise<'replaced' | 'failed'>((resolve) => {
    const finish = (result: 'replaced' | 'failed') => {
      disarm()
      resolve(result)
    }
    const disarm = every(clock, settings.childrenEveryMs, () => {
      if (slot.run !== run || slot.state.tag !== 'Ready' || clock.nowMs() > endMs) return finish('failed')
      const now = livingChildren(server)
      const isReplaced = [...before].every(([pid, startTicks]) => now.get(pid) !== startTicks)
      if (isReplaced && now.size >= before.size) finish('replaced')
    })
  })
  outside.emit({ tag: 'ClusterRestarted', worker, run, isReplaced: outcome === 'replaced', tookMs: Math.round(clock.nowMs() - beganMs) })
  return outcome
}
