import { inBundle, loopback, numberIn, type AppFacts, type ServerRules } from './server-rules.ts'

/** Servers that always fork: a master that replaces its own workers, so a crash would never be seen from outside. */

/** Unicorn (SIGNALS document): QUIT is graceful, TERM and INT are not. No keep-alive. */
export const unicorn: ServerRules = {
  drainSignal: 'SIGQUIT',
  // "HUP: reloads config file and gracefully restart all workers."
  restartSignal: 'SIGHUP',
  litter: null,
  defaultThreads: () => ({ value: 1, from: 'each of its processes serves one request' }),
  keepAliveTimeoutMs: () => 0,
  isolated: null,
  cluster: (app) => ({ command: inBundle(app, 'unicorn', ...configured(app, 'config/unicorn.rb')), environment: {} }),
  clusterAddress: (app) => listenAddress(app, 'config/unicorn.rb'),
}

/** Pitchfork (SIGNALS document): QUIT and TERM are graceful. */
export const pitchfork: ServerRules = {
  ...unicorn,
  // It forks new workers from warm ones, but never loads code anew.
  restartSignal: null,
  cluster: (app) => ({ command: inBundle(app, 'pitchfork', ...configured(app, 'config/pitchfork.rb')), environment: {} }),
  clusterAddress: (app) => listenAddress(app, 'config/pitchfork.rb'),
}

/** Falcon: INT and TERM. `falcon serve` speaks TLS on port 9292 unless bound otherwise. */
export const falcon: ServerRules = {
  drainSignal: 'SIGINT',
  // async-container's controller: a new container beside the old one.
  restartSignal: 'SIGHUP',
  litter: null,
  defaultThreads: () => ({ value: 64, from: 'falcon serves with fibers' }),
  keepAliveTimeoutMs: () => 0,
  isolated: null,
  cluster: (app) => ({ command: inBundle(app, 'falcon', 'serve', '--bind', `http://0.0.0.0:${falconPort(app)}`), environment: {} }),
  clusterAddress: (app) => loopback(falconPort(app)),
}

function configured(app: AppFacts, path: string): readonly string[] {
  return app.readText(path) === null ? [] : ['-c', path]
}

function falconPort(app: AppFacts): number {
  return numberIn(app, 'PORT') ?? 9292
}

/** `listen 3000`, `listen "/run/app.sock"`, `listen "0.0.0.0:8080"`; without a file 8080 (`Unicorn::Const::DEFAULT_PORT`). */
function listenAddress(app: AppFacts, path: string): ReturnType<ServerRules['clusterAddress']> {
  const config = app.readText(path)?.replace(/^\s*#.*$/gm, '') ?? null
  if (config === null || !/^\s*listen\b/m.test(config)) return loopback(8080)
  const [, text, number] = /^\s*listen[ (]\s*(?:['"]([^'"#]+)['"]|(\d+))/m.exec(config) ?? []
  if (number !== undefined) return loopback(Number(number))
  if (text?.startsWith('/') === true) return { tag: 'Unix', path: text }
  const port = /:(\d+)$/.exec(text ?? '')?.[1]
  return port === undefined ? null : loopback(Number(port))
}
