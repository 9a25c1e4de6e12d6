import type { Address } from '../../link/messages.ts'
import { detectIn, loopback, numberIn, type AppFacts, type Detected } from './server-rules.ts'

/** The configuration that Puma would read; comments are taken out, a line that isn't plain enough says nothing. */
export function readPumaConfig(app: AppFacts): string {
  return (app.readText(configPath(app)) ?? '').replace(/^\s*#.*$/gm, '')
}

function configPath(app: AppFacts): string {
  const environment = app.environment['APP_ENV'] ?? app.environment['RACK_ENV'] ?? app.environment['RAILS_ENV'] ?? 'development'
  const own = `config/puma/${environment}.rb`
  return app.readText(own) === null ? 'config/puma.rb' : own
}

/** Most threads, from `threads 1, 5`, `threads n, n` with `n = ENV.fetch("RAILS_MAX_THREADS", 3)`, and the like. */
export function threadsIn(app: AppFacts): Detected<number> | null {
  const config = readPumaConfig(app)
  const literal = /^\s*threads[ (]\s*\d+\s*,\s*(\d+)/m.exec(config)?.[1]
  if (literal !== undefined) return { value: Number(literal), from: configPath(app) }
  const [, name = '', fallback] = /ENV\.fetch\(\s*['"](\w*MAX_THREADS)['"]\s*(?:\)\s*\{\s*|,\s*)['"]?(\d+)/.exec(config) ?? []
  if (fallback === undefined) return null
  return detectIn(app, name) ?? { value: Number(fallback), from: configPath(app) }
}

/** Where a cluster listens: the first `bind`, else `port`, else PORT, else 9292 (`Puma::Configuration::DEFAULTS`). */
export function addressIn(config: string, app: AppFacts): Address | null {
  const bind = /^\s*bind[ (]\s*['"]([^'"#]+)['"]/m.exec(config)?.[1]
  if (bind !== undefined) return readBind(bind)
  const [line] = /^\s*port[ (].*$/m.exec(config) ?? []
  if (line === undefined) return /^\s*bind[ (]/m.test(config) ? null : loopback(numberIn(app, 'PORT') ?? 9292)
  const literal = /^\s*port[ (]\s*(\d+)/.exec(line)?.[1]
  if (literal !== undefined) return loopback(Number(literal))
  const [, name = '', fallback] = /ENV(?:\.fetch\(|\[)\s*['"](\w+)['"]\s*(?:\)\s*\{\s*|,\s*|\]\s*\|\|\s*)?['"]?(\d+)?/.exec(line) ?? []
  const port = numberIn(app, name) ?? (fallback === undefined ? null : Number(fallback))
  return port === null ? null : loopback(port)
}

/** `tcp://0.0.0.0:3000`, `unix:///run/app.sock?mask=0`; ssl: can't be asked in the clear. */
function readBind(bind: string): Address | null {
  const path = /^unix:\/\/(\/[^?]+)/.exec(bind)?.[1]
  if (path !== undefined) return { tag: 'Unix', path }
  const [, host = '', port] = /^tcp:\/\/(.+):(\d+)$/.exec(bind) ?? []
  if (port === undefined) return null
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) && host !== '0.0.0.0' ? { tag: 'Tcp', host, port: Number(port) } : loopback(Number(port))
}
