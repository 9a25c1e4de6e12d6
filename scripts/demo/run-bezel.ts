import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/**
 * Runs `bezel run` in the example's folder, on this terminal, and passes INT, TERM and HUP on to it: once each, because in a process
 * group of its own it does not get those of the terminal as well. Answers its exit code.
 */
export function runBezel(args: readonly string[], databaseUrl: string): Promise<number> {
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', resolve(root, 'bin/bezel'), 'run', ...args], {
    cwd: resolve(root, 'examples/iodine-pg'),
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  const forward = (signal: NodeJS.Signals) => void child.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, forward)
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      if (signal !== null) console.error(`  bezel was ended by ${signal}`)
      done(code ?? 1)
    })
  })
}
