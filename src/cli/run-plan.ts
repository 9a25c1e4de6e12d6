import { spawn, type ChildProcess } from 'node:child_process'

export type PlanEnd =
  | { readonly tag: 'Done' }
  | { readonly tag: 'Failed'; readonly command: string; readonly how: string; readonly rest: readonly string[] }
  | { readonly tag: 'Interrupted'; readonly command: string; readonly by: NodeJS.Signals; readonly rest: readonly string[] }

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** What a stopped command may take to tidy up before it is killed. */
const graceMs = 10_000

/** Runs commands one after the other in a shell, until one fails or a signal comes. */
export async function runPlan(commands: readonly string[], cwd: string, say: (text: string) => void): Promise<PlanEnd> {
  for (const [index, command] of commands.entries()) {
    const rest = commands.slice(index + 1)
    say(`\n$ ${command}`)
    const { by, how } = await run(command, cwd)
    if (by !== null) return { tag: 'Interrupted', command, by, rest }
    if (how !== null) return { tag: 'Failed', command, how, rest }
  }
  return { tag: 'Done' }
}

interface CommandEnd {
  /** The signal that was sent to bezel meanwhile. */
  readonly by: NodeJS.Signals | null
  /** How it failed; null when it did not. */
  readonly how: string | null
}

function run(command: string, cwd: string): Promise<CommandEnd> {
  // On a terminal it stays in the foreground, where Ctrl-C reaches it by itself and `sudo` may ask; elsewhere its group is what can be stopped whole.
  const detached = !process.stdin.isTTY
  // What it prints is for people: standard output is the report's.
  const child = spawn('/bin/sh', ['-c', command], { cwd, detached, stdio: ['ignore', process.stderr, process.stderr] })
  return new Promise((resolve) => {
    let by: NodeJS.Signals | null = null
    let timer: NodeJS.Timeout | null = null
    const onSignal = (signal: NodeJS.Signals) => {
      const again = by !== null
      by ??= signal
      stop(child, detached, again ? 'SIGKILL' : signal)
      timer ??= setTimeout(() => stop(child, detached, 'SIGKILL'), graceMs)
    }
    for (const signal of signals) process.on(signal, onSignal)
    const end = (how: string | null) => {
      if (timer !== null) clearTimeout(timer)
      for (const signal of signals) process.off(signal, onSignal)
      // A terminal's Ctrl-C may reach the command alone.
      resolve({ by: by ?? (how === 'SIGINT' ? 'SIGINT' : null), how })
    }
    child.on('error', (error) => end(error.message))
    child.on('close', (code, signal) => end(code === 0 ? null : (signal ?? `exit status ${code}`)))
  })
}

function stop({ pid }: ChildProcess, detached: boolean, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(detached ? -pid : pid, signal)
  } catch {
    // It has ended.
  }
}
