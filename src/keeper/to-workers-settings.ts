import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { detectApp } from '../config/detect/detect-app.ts'
import type { WorkersSettings } from '../workers/options.ts'
import { noticeIsolation } from '../workers/servers/notice-isolation.ts'
import { planLaunch } from '../workers/servers/plan-launch.ts'
import type { AppFacts } from '../workers/servers/server-rules.ts'

/** Larger than any configuration that a person wrote. */
const maxTextBytes = 1_048_576

/** What the servers' own rules look at. Throws what reading the app's folder throws. */
export function readAppFacts(config: Config): AppFacts {
  const folder = detectApp(config.app.path, true)
  const gems = new Map([...(folder.lock?.gems ?? [])].map(([name, { version }]) => [name, version]))
  return {
    gems,
    hasBundle: folder.lock !== null,
    environment: config.validation.settings.env,
    cpus: availableParallelism(),
    readText: (path) => readText(join(folder.path, path)),
  }
}

/** Settings of the workers: the configuration, completed by the runtime directory and the server's own rules. Throws CONFIG_INVALID. */
export function toWorkersSettings({ workers }: Config, app: AppFacts, runtimeDir: string): WorkersSettings {
  const { server, threads, address, settings } = workers
  return { ...settings, runtimeDir, launch: planLaunch({ mode: settings.mode, server, threads, address, app }) }
}

/** What works otherwise in isolated workers than under the app's own server: sentences to be logged before anything starts. */
export function noticesOf({ workers }: Config, app: AppFacts): string[] {
  if (workers.settings.mode !== 'isolated') return []
  const config = app.readText('config.ru')
  return noticeIsolation(workers.server.server, app, config === null ? [] : [config]).map(({ text, remedy }) => `${text} ${remedy}.`)
}

function readText(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8')
    return text.length > maxTextBytes ? null : text
  } catch {
    return null
  }
}
