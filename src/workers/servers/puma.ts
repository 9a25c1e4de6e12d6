import { addressIn, readPumaConfig, threadsIn } from './puma-config.ts'
import { detectIn, inBundle, numberIn, type AppFacts, type ServerRules } from './server-rules.ts'

/**
 * Puma (`lib/puma/cli.rb`, `configuration.rb`): what the command line says wins over config/puma.rb, binds included.
 * A pidfile, state file or control app of the configuration would be fought over by several processes, so each gets its own.
 */
export const puma: ServerRules = {
  drainSignal: 'SIGTERM',
  // A phased restart; with a preloaded app Puma makes a hot one of it, in which connects wait in the backlog (docs/signals.md).
  restartSignal: 'SIGUSR1',
  litter: null,
  // `max_threads`: 5 on MRI.
  defaultThreads: (app) => detectIn(app, 'PUMA_MAX_THREADS', 'MAX_THREADS') ?? threadsIn(app) ?? { value: 5, from: "puma's default" },
  keepAliveTimeoutMs: (app) => keepAliveSeconds(app) * 1_000,
  isolated: (app, threads) => {
    const config = readPumaConfig(app)
    const own = [
      ...(/^\s*pidfile\b/m.test(config) ? ['--pidfile', '{socket}.pid'] : []),
      ...(/^\s*state_path\b/m.test(config) ? ['--state', '{socket}.state'] : []),
      ...(/^\s*activate_control_app\b/m.test(config) ? ['--control-url', 'unix://{socket}.ctl'] : []),
    ]
    return {
      command: inBundle(app, 'puma', '-w', '0', '-t', `${threads}:${threads}`, '-b', 'unix://{socket}', ...own),
      environment: { WEB_CONCURRENCY: '0' },
    }
  },
  cluster: (app) => ({ command: inBundle(app, 'puma'), environment: {} }),
  clusterAddress: (app) => addressIn(readPumaConfig(app), app),
}

/** 65 s since Puma 8, 20 s before it; too low a figure only costs a connection. */
function keepAliveSeconds(app: AppFacts): number {
  const literal = /^\s*persistent_timeout[ (]\s*(\d+)/m.exec(readPumaConfig(app))?.[1]
  if (literal !== undefined) return Number(literal)
  const major = Number((app.gems.get('puma') ?? '0').split('.')[0])
  return numberIn(app, 'PUMA_PERSISTENT_TIMEOUT') ?? (major >= 8 ? 65 : 20)
}
