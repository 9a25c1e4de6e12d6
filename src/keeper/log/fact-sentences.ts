import type { BezelEvent } from '../../events.ts'
import type { ExitStatus } from '../../events/workers.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'
export type FactOf<Tag extends BezelEvent['tag']> = Extract<BezelEvent, { readonly tag: Tag }>

interface Telling<Fact> {
  readonly level: Level | ((fact: Fact) => Level)
  readonly say: (fact: Fact) => string
}

/** How each fact reads in the log. A fact that stands in no row doesn't compile. */
const tellings: { readonly [Tag in BezelEvent['tag']]: Telling<FactOf<Tag>> } = {
  // Front door.
  RunSettled: {
    level: ({ requests }) =>
      requests.some(({ settlement }) => settlement === 'failed' || settlement === 'cut') ? 'error' : requests.length > 0 ? 'warn' : 'debug',
    say: ({ run, requests, cause }) => {
      if (requests.length === 0) return `run ${run} held no request when it ended`
      const counts = Map.groupBy(requests, ({ settlement }) => settlement)
      const settled = [...counts].map(([settlement, { length }]) => `${length} ${settlement}`).join(', ')
      return `run ${run} held ${count(requests.length, 'request')} when it ended: ${settled}${tellCause(requests, cause)}`
    },
  },
  RequestOverdue: {
    level: 'warn',
    say: ({ run, id, method, path, ageMs }) => `run ${run} has not answered ${method} ${path} (${id}) for ${time(ageMs)}`,
  },
  RequestRefused: { level: 'debug', say: ({ why, status }) => `a request was refused with ${status}: ${why}` },
  RunUnreachable: { level: 'warn', say: ({ run, error }) => `run ${run} can't be reached: ${error}` },
  QueueFull: { level: 'warn', say: ({ waiting }) => `the queue is full: ${count(waiting, 'request')} wait for a worker` },
  ClientsLimited: {
    // Nobody notices a few less.
    level: ({ wanted, allowed }) => (allowed < wanted / 2 ? 'warn' : 'debug'),
    say: ({ wanted, allowed, openFiles }) => {
      const enough = 2 * wanted + openFiles - 2 * allowed
      return (
        `only ${allowed} of ${wanted} clients are let in at once, for a process may open ${openFiles} files here. Raise that (ulimit -n ${enough}; ` +
        `systemd: LimitNOFILE=${enough}; docker run --ulimit nofile=${enough}), or lower front_door.max_clients`
      )
    },
  },
  // Gateway.
  ServerSessionOpened: { level: 'debug', say: ({ session }) => `database ${session.database}: session ${session.pid} opened` },
  ServerSessionClosed: { level: 'debug', say: ({ database, pid, why }) => `database ${database}: session ${pid} closed (${why})` },
  // What the breaker's change says too.
  ServerLost: { level: 'debug', say: ({ database, error }) => `database ${database} is away: ${error}` },
  ServerBack: { level: 'info', say: ({ database, awayMs }) => `database ${database} is back after ${time(awayMs)}` },
  BreakerChanged: {
    // Hours of attempts would bury what else happened; `ServerBack` tells of the end.
    level: ({ state, isNews }) => (state === 'open' && isNews ? 'warn' : 'debug'),
    say: ({ database, state, error, retryInMs, isNews }) =>
      state === 'open' && isNews
        ? `database ${database} is away${error === null ? '' : ` (${error})`}: the circuit breaker is open, and it is tried until it answers`
        : `database ${database}: circuit breaker is ${state.replace('_', '-')}${error === null ? '' : `: ${error}`}${retryInMs === null ? '' : `; next attempt in ${time(retryInMs)}`}`,
  },
  LoginRefused: {
    level: 'error',
    say: ({ database, sqlstate, message }) => `database ${database} refuses the login: ${message} (${sqlstate})`,
  },
  PoolExhausted: {
    level: 'warn',
    say: ({ database, waiting, diagnosis }) => `database ${database}: no connection is free, ${waiting} wait. ${diagnosis.join('; ')}`,
  },
  LeasesEnded: {
    level: ({ rolledBack, stillOpen }) => (stillOpen > 0 ? 'warn' : rolledBack > 0 ? 'info' : 'debug'),
    say: ({ run, rolledBack, stillOpen }) =>
      `run ${run}: ${count(rolledBack, 'database session')} rolled back${stillOpen > 0 ? `, ${stillOpen} still open` : ''}`,
  },
  // Keeper.
  DataPlaneStarted: { level: 'debug', say: ({ era, pid }) => `data plane ${era} started (pid ${pid})` },
  DataPlaneServing: {
    level: ({ era }) => (era > 1 ? 'warn' : 'debug'),
    say: ({ era, tookMs }) => `data plane ${era} serves after ${time(tookMs)}`,
  },
  DataPlaneDied: { level: 'error', say: ({ era, pid, code, signal }) => `data plane ${era} (pid ${pid}) died: ${ended({ code, signal })}` },
  PortOpened: { level: 'info', say: ({ url }) => `serving on ${url}` },
  GatewayBypassed: {
    level: 'warn',
    say: ({ worker, databases, address }) =>
      `worker ${worker} is connected to ${address} (${databases.join(', ')}) past the gateway: that session is neither carried over a restart nor rolled back when the worker dies`,
  },
  ShutdownPhase: { level: 'info', say: ({ phase, leftMs }) => `stopping: ${phase} (${time(leftMs)} left)` },
  Stopped: {
    level: ({ exitCode }) => (exitCode === 0 ? 'info' : 'warn'),
    say: ({ exitCode, requestsCut, transactionsCut }) =>
      `stopped with ${exitCode}${requestsCut + transactionsCut > 0 ? `: ${count(requestsCut, 'request')} and ${count(transactionsCut, 'transaction')} cut off` : ''}`,
  },
  // Recovery.
  CrashSuspected: { level: 'warn', say: ({ run, line }) => `run ${run} may be crashing: ${line}` },
  CrashConfirmed: { level: 'error', say: ({ run }) => `run ${run} has crashed` },
  CrashDismissed: { level: 'info', say: ({ run }) => `run ${run} goes on answering: no crash` },
  IncidentRecorded: {
    level: 'error',
    say: ({ incident, worker, culprit, summary, request, path, refusal }) =>
      `worker ${worker}${request === null ? '' : `, at ${shortenLine(request)}`}: ${summary}${culprit === null ? '' : ` (blamed: ${culprit})`}. Incident ${incident}${kept(incident, path, refusal)}`,
  },
  IncidentsFolderRefused: {
    level: 'warn',
    say: ({ folder, refusal, spare }) =>
      `incidents can't be written to ${folder} (${refusal}); ${spare === null ? 'crash reports stand in this log only' : `they go to ${spare}, the last few only, and only until the machine or container starts anew`}`,
  },
  DegradationChanged: {
    level: ({ to }) => (to === 'normal' ? 'info' : 'warn'),
    say: ({ from, to, why, wayBack }) => `${from} -> ${to}: ${why}${to === 'normal' ? '' : `. Way back: ${wayBack}`}`,
  },
  // Validation.
  ValidationFinished: {
    level: ({ verdict }) => (verdict === 'compatible' ? 'info' : verdict === 'unknown' ? 'warn' : 'error'),
    say: ({ verdict, findings, tookMs, unchanged }) =>
      `gems and Ruby: ${verdict}, ${count(findings, 'finding')} in ${time(tookMs)}${unchanged === true ? ', unchanged since they were last read' : ''}`,
  },
  GemRefused: { level: 'error', say: ({ gem, explanation }) => `${gem}: ${explanation}` },
  // Workers.
  RunStarted: { level: 'info', say: ({ worker, run, pid }) => `worker ${worker} is starting (run ${run}, pid ${pid})` },
  RunReady: { level: 'info', say: ({ worker, run, bootMs }) => `worker ${worker} is ready after ${time(bootMs)} (run ${run})` },
  RunUnanswered: {
    level: 'error',
    say: ({ worker, run, address, listens, listensOn, refusal }) => {
      const where = listens
        ? 'it listens there'
        : listensOn.length > 0
          ? `it listens on ${listensOn.join(', ')} instead`
          : 'it listens nowhere'
      return `worker ${worker} did not answer on ${address} in time: ${refusal === '' ? where : refusal} (run ${run})`
    },
  },
  RunDraining: {
    level: 'info',
    say: ({ worker, run, why }) =>
      why === 'crashed'
        ? `worker ${worker} writes its crash report (run ${run})`
        : `worker ${worker} finishes its ${why === 'hang' ? 'other ' : ''}requests (run ${run}, ${why})`,
  },
  RunExited: {
    level: ({ why }) => (why === 'asked' ? 'info' : 'error'),
    say: ({ worker, run, exit, why, uptimeMs, lastRssMb }) =>
      `worker ${worker} ended: ${ended(exit)}, ${why}, after ${time(uptimeMs)} (run ${run}${lastRssMb === null ? '' : `, ${Math.round(lastRssMb)} MB`})`,
  },
  RestartScheduled: {
    level: 'info',
    say: ({ worker, inMs, failures }) => `worker ${worker} starts again in ${time(inMs)} (${count(failures, 'failure')} in a row)`,
  },
  WorkersGaveUp: {
    level: 'error',
    say: ({ worker, failures, failedStarts, lastLines }) => {
      const what =
        failedStarts > failures
          ? `${failedStarts} starts of all workers failed within a minute, the last ${failures} of worker ${worker} in a row`
          : `worker ${worker} failed ${count(failures, 'time')} in a row`
      return `gave up: ${what}${lastLines.length > 0 ? `; it said: ${shorten(lastLines).join(' | ')}` : ''}`
    },
  },
  MemoryExceeded: {
    level: 'warn',
    say: ({ worker, pid, rssMb, limitMb, limit }) =>
      `${pid === null ? `worker ${worker}` : `the server's worker with pid ${pid}`} holds ${Math.round(rssMb)} MB, over its ${limit} limit of ${Math.round(limitMb)} MB`,
  },
  OutputDropped: {
    level: 'warn',
    say: ({ worker, bytes }) => `worker ${worker} writes faster than it is read: ${bytes} bytes of its output dropped`,
  },
  ClusterRestarting: {
    level: 'info',
    say: ({ run, signal }) => `the app's own server is asked to replace its workers one by one (run ${run}, ${signal})`,
  },
  ClusterRestarted: {
    level: ({ isReplaced }) => (isReplaced ? 'info' : 'error'),
    say: ({ isReplaced, tookMs }) =>
      isReplaced
        ? `the app's own server has replaced its workers in ${time(tookMs)}`
        : `the app's own server has not replaced its workers after ${time(tookMs)}`,
  },
  ClusterWorkersEnded: {
    level: 'warn',
    say: ({ run, pids, total }) =>
      `${count(pids.length, 'worker')} of the app's own server ended (run ${run}, pids ${pids.join(', ')}; ${total} in all)`,
  },
  LeftoverKilled: {
    level: 'warn',
    say: ({ pid, processGroup }) => `killed pid ${pid} (process group ${processGroup}), left over by an earlier bezel`,
  },
}

/** Level and sentence of a fact. */
export function tellFact(fact: BezelEvent): { readonly level: Level; readonly message: string } {
  // The row of a fact's own tag takes that fact; TypeScript can't follow a tag from a union into its row.
  const { level, say } = tellings[fact.tag] as Telling<BezelEvent>
  return { level: typeof level === 'function' ? level(fact) : level, message: say(fact) }
}

function kept(incident: string, path: string | null, refusal: string | null): string {
  if (path === null) return ` could not be saved: ${refusal}`
  return `: bezel incidents ${incident}${refusal === null ? '' : ` (in ${path})`}`
}

function ended({ code, signal }: ExitStatus): string {
  return signal === null ? `exit code ${code}` : signal
}

function tellCause(requests: FactOf<'RunSettled'>['requests'], cause: string | null): string {
  if (cause === null) return ''
  const request = requests.find(({ id }) => id === cause)
  const name = request === undefined ? cause : `${shortenLine(`${request.method} ${request.path}`)} (${cause})`
  return `; ${name} was alone in it, and is the cause`
}

function shortenLine(line: string): string {
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

/** The first and the last ones: in between is what led from one to the other. */
function shorten(lines: readonly string[]): readonly string[] {
  const cut = lines.map((line) => shortenLine(line.trim()))
  return cut.length <= 6 ? cut : [...cut.slice(0, 3), '…', ...cut.slice(-2)]
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function time(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
