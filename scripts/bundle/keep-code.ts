import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { makeApp, type MadeApp } from './make-app.ts'

/** Ruby starts and stops within each. */
const withinMs = 60_000
/** doctor's exit codes for an app that is well, or not. */
const judged: ReadonlySet<number | null> = new Set([0, 78])

/** Runs what users wait for on a made app, and keeps the code of that beside the modules: `Bundle` of bin/load-bundle.cjs takes it from there. */
export function keepCode(folder: string, modules: readonly string[]): void {
  // Every module once, for those that no command here needs.
  runAndKeep(folder, modules, [], process.env)
  runAndKeep(folder, ['bezel.cjs'], ['--help'], process.env)
  const app = makeAppOrNull()
  if (app === null) return
  try {
    for (const format of ['text', 'json']) {
      const status = runAndKeep(folder, ['bezel.cjs'], ['doctor', '--format', format, app.app], app.env)
      if (!judged.has(status)) tellSlower(`it ended with ${status}`)
    }
  } finally {
    app.remove()
  }
}

function runAndKeep(folder: string, modules: readonly string[], words: readonly string[], env: NodeJS.ProcessEnv): number | null {
  const script = resolve(import.meta.dirname, 'run-and-keep.cjs')
  const { status } = spawnSync(process.execPath, [script, folder, modules.join(), ...words], {
    env,
    timeout: withinMs,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return status
}

function makeAppOrNull(): MadeApp | null {
  try {
    return makeApp(3, 2)
  } catch (error) {
    tellSlower(`it needs Ruby, a compiler and libpq: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
    return null
  }
}

/** The programs are whole without. */
function tellSlower(why: string): void {
  process.stderr.write(`bezel doctor will start slower than it could, because it was not run while its code was kept: ${why}\n`)
}
