import { request } from 'node:http'
import type { Address } from '../link/messages.ts'
import type { Clock } from '../resilience/drive.ts'
import type { ReadinessSettings } from './options.ts'

/** One try: the status of a whole answer head, or why there was none. */
export type Probe = { readonly tag: 'Answered'; readonly status: number } | { readonly tag: 'Silent'; readonly why: string }

/** Asks a run over HTTP, on a connection of its own. Never rejects; takes at most `answerTimeoutMs`. */
export function probeRun(address: Address, { path, host, answerTimeoutMs }: ReadinessSettings, signal?: AbortSignal): Promise<Probe> {
  return new Promise((resolve) => {
    const bounded = AbortSignal.any([AbortSignal.timeout(answerTimeoutMs), ...(signal === undefined ? [] : [signal])])
    const asked = request({
      ...(address.tag === 'Unix' ? { socketPath: address.path } : { host: address.host, port: address.port }),
      path,
      method: 'GET',
      headers: { host, connection: 'close', 'user-agent': 'bezel-readiness' },
      agent: false,
      signal: bounded,
    })
    asked.on('response', (response) => {
      resolve({ tag: 'Answered', status: response.statusCode ?? 0 })
      // The head is enough; the body may be endless.
      response.on('error', () => {})
      asked.destroy()
    })
    asked.on('error', (error: NodeJS.ErrnoException) => resolve({ tag: 'Silent', why: error.code ?? error.message }))
    asked.end()
  })
}

export function isAccepted(probe: Probe, { acceptStatus: { from, to } }: ReadinessSettings): boolean {
  return probe.tag === 'Answered' && probe.status >= from && probe.status <= to
}

export interface ReadinessWatch {
  /** Whether it is the run that listens there, and not another process that took the port. */
  isOurs(): boolean
  /** Told of each answer that doesn't count as ready. */
  refused(why: string): void
}

/** Asks again and again until the run answers as wanted (true) or `signal` ends it (false). */
export async function awaitReady(
  address: Address,
  settings: ReadinessSettings,
  clock: Clock,
  signal: AbortSignal,
  watch: ReadinessWatch,
): Promise<boolean> {
  while (!signal.aborted) {
    const probe = await probeRun(address, settings, signal)
    if (probe.tag === 'Answered') {
      if (!watch.isOurs()) watch.refused('another process listens at its address')
      else if (isAccepted(probe, settings)) return !signal.aborted
      else watch.refused(`GET ${settings.path} was answered with ${probe.status}`)
    }
    await pause(clock, settings.intervalMs, signal)
  }
  return false
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.at(clock.nowMs() + ms, finish)
    if (signal.aborted) finish()
    else signal.addEventListener('abort', finish)
  })
}
