import { readPumaConfig } from './puma-config.ts'
import type { AppFacts, ServerName } from './server-rules.ts'

/** Something that works otherwise in mode `isolated` than under the app's own server; said before it bites. */
export interface IsolationNotice {
  readonly code: 'BROADCAST_STAYS_INSIDE' | 'CLUSTER_HOOKS_SKIPPED' | 'OUTPUT_REDIRECTED' | 'MEMORY_NOT_SHARED'
  /** One or two sentences. */
  readonly text: string
  readonly remedy: string
}

const cluster = 'workers.mode: cluster keeps the server as it was'

/** What isolation changes for this app. `sources`: text in which broadcasts would show (the app's `.rb` and `.ru` files). */
export function noticeIsolation(server: ServerName | null, app: AppFacts, sources: Iterable<string> = []): IsolationNotice[] {
  if (server === 'iodine') return noticeIodine(app, sources)
  return server === 'puma' ? noticePuma(readPumaConfig(app)) : []
}

function noticeIodine(app: AppFacts, sources: Iterable<string>): IsolationNotice[] {
  if (app.environment['IODINE_REDIS_URL'] !== undefined) return []
  let publishes = false
  for (const text of sources) {
    if (/PubSub::Redis|IODINE_REDIS/.test(text)) return []
    publishes ||= /\.publish\b|\.subscribe\b|PubSub/.test(text)
  }
  if (!publishes) return []
  const text =
    "The app publishes or subscribes. Iodine's messages span its own cluster only: clients of one isolated worker don't hear those of another."
  return [
    { code: 'BROADCAST_STAYS_INSIDE', text, remedy: `Iodine::PubSub.default = Iodine::PubSub::Redis.new(ENV['REDIS_URL']), or ${cluster}` },
  ]
}

function noticePuma(config: string): IsolationNotice[] {
  const hooks = [
    ...config.matchAll(
      /^\s*(before_fork|on_worker_boot|on_worker_shutdown|on_worker_fork|before_worker_\w+|after_worker_\w+|on_refork)\b/gm,
    ),
  ]
  const names = [...new Set(hooks.map(([, name]) => name))].join(', ')
  const notices: IsolationNotice[] = []
  if (names !== '')
    notices.push({
      code: 'CLUSTER_HOOKS_SKIPPED',
      text: `config/puma.rb defines ${names}, which Puma runs in its cluster only: a worker here is one process without forks.`,
      remedy: `Do that work in config.ru or an initializer, or ${cluster}`,
    })
  if (/^\s*preload_app!/m.test(config))
    notices.push({
      code: 'MEMORY_NOT_SHARED',
      text: 'config/puma.rb preloads the app to share its memory between forks. Isolated workers load it each for themselves.',
      remedy: `Plan for the full memory of each worker, or ${cluster}`,
    })
  if (/^\s*stdout_redirect\b/m.test(config))
    notices.push({
      code: 'OUTPUT_REDIRECTED',
      text: 'config/puma.rb sends its output to files (stdout_redirect): bezel sees no crash report there.',
      remedy: 'Take stdout_redirect out; bezel passes the output on.',
    })
  return notices
}
