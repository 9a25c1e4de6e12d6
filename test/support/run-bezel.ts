import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const bezel = resolve(import.meta.dirname, '../../bin/bezel')

export interface Ended {
  /** Exit code; of a signal, its name. */
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

export interface Around {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Words before bezel itself, such as `setpriv --reuid=nobody`. */
  readonly before?: readonly string[]
  /** What was printed so far, on either stream, and how to send a signal. */
  readonly watch?: (printed: string, kill: (signal: NodeJS.Signals) => void) => void
}

/** Runs `bin/bezel` as a user without a terminal would, to its end. */
export function runBezel(args: readonly string[], { cwd, env, before = [], watch }: Around): Promise<Ended> {
  const [file = bezel, ...rest] = [...before, bezel, ...args]
  const child = spawn(file, rest, {
    cwd,
    env: { ...env, NO_COLOR: env['NO_COLOR'], FORCE_COLOR: env['FORCE_COLOR'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const look = () => watch?.(stdout + stderr, (signal) => child.kill(signal))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    look()
  })
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', (code, signal) => done({ code: code ?? signal ?? '', stdout, stderr }))
  })
}
