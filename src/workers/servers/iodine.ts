import { detectIn, inBundle, loopback, numberIn, type AppFacts, type ServerRules } from './server-rules.ts'

/**
 * Iodine (bundled `exe/iodine`, `iodine.c`): 0.7 is one process without respawn with `-w 1`; 0.8, a rewrite, with `-w 0`.
 * Without `-w` and `-t` WEB_CONCURRENCY, WORKERS, THREADS or the CPU count decide, so both are always given.
 * A binding that begins with `/` is a Unix socket.
 */
export const iodine: ServerRules = {
  drainSignal: 'SIGTERM',
  // facil.io's workers finish on it, and its root forks others (`fio.c`, hot restart).
  restartSignal: 'SIGUSR1',
  // facil.io's own messages, in P_tmpdir whatever TMPDIR says (`fio.c`, `fio_cluster_init`): one file stays for each crash.
  litter: '^/tmp/fio-usock-[0-9a-f]{8}$',
  defaultThreads: (app) =>
    detectIn(app, 'THREADS', 'RAILS_MAX_THREADS') ?? { value: Math.max(1, app.cpus), from: "iodine's default, one per CPU" },
  // `-k`: 40 s by default.
  keepAliveTimeoutMs: () => 40_000,
  isolated: (app, threads) => ({
    command: inBundle(app, 'iodine', '-w', isRewrite(app) ? '0' : '1', '-t', String(threads), '-b', '{socket}'),
    environment: {},
  }),
  cluster: (app) => ({ command: inBundle(app, 'iodine', '-p', String(portOf(app))), environment: {} }),
  clusterAddress: (app) => loopback(portOf(app)),
}

function isRewrite({ gems }: AppFacts): boolean {
  const [major = 0, minor = 0] = (gems.get('iodine') ?? '0.7').split('.').map(Number)
  return major > 0 || minor >= 8
}

function portOf(app: AppFacts): number {
  return numberIn(app, 'PORT') ?? 3000
}
