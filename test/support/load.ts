import { Agent, request as sendRequest } from 'node:http'
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

export interface LoadRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/** How one request went. Times are `performance.now()` of this process, in milliseconds. */
export interface Outcome {
  readonly index: number
  readonly request: LoadRequest
  /** When it was due: waiting for a free client counts, in an open loop. */
  readonly askedAtMs: number
  readonly doneAtMs: number
  /** Null: no whole answer came. */
  readonly status: number | null
  /** Null: a whole answer came. */
  readonly error: string | null
}

export interface LoadSettings {
  /** `http://127.0.0.1:3000` */
  readonly origin: string
  /** Keep-alive connections, each with one request at a time. */
  readonly clients: number
  /** Null: closed loop, a client asks again `pauseMs` after its answer. Else the rate of all clients together: requests that find no free client wait, and their wait counts. */
  readonly perSecond: number | null
  readonly pauseMs: number
  /** A request without a whole answer by then has failed. */
  readonly timeoutMs: number
  request(index: number): LoadRequest
  /** Which answers count as good. */
  accepts(status: number): boolean
  /** Each outcome, as it comes. */
  done(outcome: Outcome): void
}

export interface LoadReport {
  readonly asked: number
  readonly answered: number
  /** Not answered, or not with a good status. */
  readonly failed: number
  /** The first failures, at most 100. */
  readonly failures: readonly Outcome[]
  readonly byStatus: Readonly<Record<string, number>>
  readonly medianMs: number
  readonly p99Ms: number
  readonly longestMs: number
  readonly seconds: number
}

export interface Load {
  report(): LoadReport
  /** Asks no more, waits for the answers that are due, closes the connections. Idempotent. */
  stop(): Promise<LoadReport>
}

export const loadDefaults = {
  clients: 20,
  perSecond: null,
  pauseMs: 0,
  timeoutMs: 30_000,
  request: (): LoadRequest => ({ method: 'GET', path: '/' }),
  accepts: (status: number): boolean => status >= 200 && status < 300,
  done: (_outcome: Outcome): void => {},
} as const satisfies Omit<LoadSettings, 'origin'>

const maxFailuresKept = 100
/** After a failed request, or refused connections would be asked for as fast as the machine can. */
const pauseAfterFailureMs = 20

/** A bounded load on one origin, until it is stopped: `clients` requests in flight at most. */
export function startLoad(options: Partial<LoadSettings> & Pick<LoadSettings, 'origin'>): Load {
  const settings: LoadSettings = { ...loadDefaults, ...options }
  const agent = new Agent({ keepAlive: true, maxSockets: settings.clients, maxFreeSockets: settings.clients })
  const tally = new Tally()
  const startedMs = performance.now()
  const stopping = new AbortController()
  let next = 0

  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const index = next++
      const askedAtMs = settings.perSecond === null ? performance.now() : startedMs + (index * 1000) / settings.perSecond
      await pause(askedAtMs - performance.now(), stopping.signal)
      if (stopping.signal.aborted) return
      const request = settings.request(index)
      const outcome = { index, request, askedAtMs, ...(await ask(settings, agent, request)) }
      const good = outcome.status !== null && settings.accepts(outcome.status)
      tally.add(outcome, good)
      settings.done(outcome)
      const pauseMs = settings.perSecond === null ? settings.pauseMs : 0
      await pause(good ? pauseMs : Math.max(pauseMs, pauseAfterFailureMs), stopping.signal)
    }
  }

  const clients = Promise.all(Array.from({ length: settings.clients }, client))
  let endedMs: number | null = null
  const report = () => tally.report((endedMs ?? performance.now()) - startedMs)
  return {
    report,
    async stop() {
      stopping.abort()
      await clients
      endedMs ??= performance.now()
      agent.destroy()
      return report()
    },
  }
}

function ask(
  { origin, timeoutMs }: LoadSettings,
  agent: Agent,
  { method, path, headers = {} }: LoadRequest,
): Promise<Pick<Outcome, 'doneAtMs' | 'status' | 'error'>> {
  return new Promise((resolve) => {
    const fail = (error: Error & { code?: string }) =>
      resolve({ doneAtMs: performance.now(), status: null, error: error.code ?? error.message })
    const sent = sendRequest(origin + path, { agent, method, headers, signal: AbortSignal.timeout(timeoutMs) }, (answer) => {
      answer.on('error', fail)
      answer.on('end', () => resolve({ doneAtMs: performance.now(), status: answer.statusCode ?? null, error: null }))
      answer.resume()
    })
    sent.on('error', fail)
    sent.end()
  })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

class Tally {
  private readonly latencyUs: RecordableHistogram = createHistogram()
  private readonly byStatus: Record<string, number> = {}
  private readonly failures: Outcome[] = []
  private asked = 0
  private answered = 0
  private failed = 0
  private longestMs = 0

  add(outcome: Outcome, good: boolean): void {
    const tookMs = outcome.doneAtMs - outcome.askedAtMs
    const status = outcome.status ?? outcome.error ?? 'unknown'
    this.asked += 1
    if (outcome.status !== null) this.answered += 1
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1
    this.longestMs = Math.max(this.longestMs, tookMs)
    this.latencyUs.record(Math.max(1, Math.round(tookMs * 1000)))
    if (good) return
    this.failed += 1
    if (this.failures.length < maxFailuresKept) this.failures.push(outcome)
  }

  report(tookMs: number): LoadReport {
    return {
      asked: this.asked,
      answered: this.answered,
      failed: this.failed,
      failures: [...this.failures],
      byStatus: { ...this.byStatus },
      medianMs: this.latencyUs.percentile(50) / 1000,
      p99Ms: this.latencyUs.percentile(99) / 1000,
      longestMs: this.longestMs,
      seconds: tookMs / 1000,
    }
  }
}
