import * as z from 'zod'
import { workersDefaults as defaults } from '../../workers/options.ts'
import { choice, duration, integer, orNone, ratio, size, structure, text, type Kind } from '../kinds.ts'
import { option } from '../option.ts'
import { readStatusRange, type StatusRange } from '../status-range.ts'
import { splitCommand } from '../split-command.ts'

const minute = 60_000
const hour = 60 * minute
const mb = 2 ** 20

const command: Kind<readonly string[]> = {
  schema: z.union([z.array(z.string().min(1)).min(1).max(256).readonly(), z.string().transform(toParsed(splitCommand))]),
  shape: 'a command (one line, or a list of its words)',
  placeholder: 'COMMAND',
  choices: [],
  fromText: (text) => text,
  show: (value) => value,
}

const statusRange: Kind<StatusRange> = {
  schema: z.union([z.string(), z.int()]).transform(toParsed((value: string | number) => readStatusRange(String(value)))),
  shape: 'an HTTP status or a range of them, such as 200 or 100-499',
  placeholder: 'FROM-TO',
  choices: [],
  fromText: (text) => text,
  show: ({ from, to }) => `${from}-${to}`,
}

const variables: Kind<Readonly<Record<string, string>>> = structure(
  z.record(
    z.string().regex(/^[A-Za-z_]\w{0,255}$/),
    z.union([z.string(), z.number(), z.boolean()]).transform((value) => String(value)),
  ),
  'a map of variable names to values',
  { '': 'a text, a number, true or false' },
)

export const workersOptions = {
  'workers.mode': option(
    choice('isolated', 'cluster'),
    defaults.mode,
    "isolated: one Ruby process per worker behind the front door. cluster: the app's own server command, which forks its workers and owns its port.",
  ),
  'workers.count': option(orNone(integer(1, 1024), 'auto'), null, 'Workers to keep alive.', {
    auto: 'one per CPU that this process may use, at most 16; WEB_CONCURRENCY if set',
    flag: '--workers',
  }),
  'workers.threads': option(orNone(integer(1, 1024), 'auto'), null, 'Requests that one worker serves at once.', {
    auto: "by the server's own rules",
    flag: '--threads',
  }),
  'workers.server': option(
    choice('auto', 'iodine', 'puma', 'unicorn', 'pitchfork', 'falcon', 'command'),
    'auto',
    "The app's server: iodine, puma, unicorn, pitchfork, falcon, or command for any other. auto: the one in Gemfile.lock, or command where one is given.",
    { flag: '--server' },
  ),
  'workers.command': option(
    orNone(command, 'none'),
    null,
    'Starts one worker; must listen on {socket}, on {port} or on $PORT (in a shell \'$PORT\', quoted, because each worker gets its own). In mode cluster: the server command as it is. Also what stands behind "--" in "bezel run -- COMMAND".',
    { flag: '--command' },
  ),
  'workers.address': option(
    orNone(
      text(
        'HOST:PORT|PATH',
        'an address such as 127.0.0.1:3000, or the absolute path of a Unix socket',
        /^(\/[^\0\r\n]{1,106}|\[?[\w.:-]+\]?:\d{1,5})$/,
      ),
      'none',
    ),
    null,
    'Mode cluster: where the server listens by its own configuration, so that readiness can be asked there.',
  ),
  'workers.env': option(variables, defaults.environment, "Variables added to the workers' environment.", { fileOnly: true }),
  'workers.start_timeout': option(
    duration(1_000, hour),
    defaults.startTimeoutMs,
    'From the start of a worker until it must answer; paused while a database is away.',
  ),
  'workers.drain_timeout': option(
    duration(0, hour),
    defaults.drainTimeoutMs,
    'How long open requests of a worker that is replaced may take.',
  ),
  'workers.stop_timeout': option(duration(100, hour), defaults.stopTimeoutMs, "From the server's stop signal to SIGKILL."),
  'workers.memory_soft': option(
    orNone(size(16 * mb, 1024 * 1024 * mb), 'none'),
    defaults.memory.softLimitMb,
    "A worker that holds more memory than this is drained and replaced. In mode cluster each of the server's own workers: it gets the server's stop signal, and the server forks another.",
  ),
  'workers.memory_hard': option(
    orNone(size(16 * mb, 1024 * 1024 * mb), 'none'),
    defaults.memory.hardLimitMb,
    'A worker that holds more memory than this is killed at once.',
  ),
  'workers.memory_share': option(
    orNone(ratio(), 'none'),
    defaults.memory.cgroupShare,
    "Part of the container's memory that all workers together may use before the largest is replaced.",
  ),
  'workers.ready_path': option(
    text('PATH', 'a path that begins with /', /^\/[\x21-\x7e]{0,1023}$/),
    defaults.readiness.path,
    'Asked by GET to see whether a worker is ready.',
  ),
  'workers.ready_host': option(
    text('NAME', 'a host name', /^[\w.:[\]-]{1,253}$/),
    defaults.readiness.host,
    'Host header of that request: an app may refuse hosts that it does not know.',
  ),
  'workers.ready_statuses': option(statusRange, defaults.readiness.acceptStatus, 'Statuses that mean ready.'),
  'workers.stable_after': option(
    duration(100, hour),
    defaults.restart.stableAfterMs,
    'A worker that was ready for this long has its failures forgotten.',
  ),
  'workers.give_up_after': option(
    integer(1, 1000),
    defaults.restart.failuresToGiveUp,
    'Failed starts of one worker in a row after which bezel gives up (exit 74), as long as none serves. Several workers share a limit too: this, and 3 more for each worker beyond the first, within a minute.',
  ),
  'workers.restart_wait': option(
    duration(10, hour),
    defaults.restart.backoff.baseMs,
    'Wait before the first restart of a failing worker; doubles with each failure.',
  ),
  'workers.restart_wait_most': option(duration(10, hour), defaults.restart.backoff.capMs, 'Longest wait before a restart.'),
  'workers.boots_at_once': option(integer(1, 1024), defaults.restart.concurrentBoots, 'Workers that may boot at the same time.'),
  'workers.oom_score_adj': option(
    integer(0, 1000),
    defaults.oomScoreAdj,
    'Added to the OOM score of workers, so that the kernel takes a worker before bezel.',
  ),
}

/** A zod transform from a reader that answers null for what it can't read. */
function toParsed<In, Out>(read: (value: In) => Out | null): (value: In, context: z.RefinementCtx) => Out {
  return (value, context) => {
    const parsed = read(value)
    if (parsed !== null) return parsed
    context.addIssue({ code: 'custom', message: 'not readable' })
    return z.NEVER
  }
}
