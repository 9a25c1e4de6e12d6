import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export type PlanEnd =
  | { readonly tag: 'Done' }
  | { readonly tag: 'Failed'; readonly command: string; readonly how: string; readonly rest: readonly string[] }
  | { readonly tag: 'Interrupted'; readonly command: string; readonly by: NodeJS.Signals; readonly rest: readonly string[] }

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** What a stopped command may take to tidy up before it is killed. */
const graceMs = 10_000
const pollMs = 20

type Env = Readonly<Record<string, string>>

/** Runs commands one after the other in a shell, until one fails or a signal comes. `envNow`: what the shell would have at its prompt. */
export async function runPlan(
  commands: readonly string[],
  cwd: string,
  envNow: () => Promise<Env>,
  say: (text: string) => void,
): Promise<PlanEnd> {
  const plan = new RunningPlan()
  try {
    for (const [index, command] of commands.entries()) {
      say(`\n$ ${command}`)
      const how = await plan.run(command, cwd, await envNow())
      const rest = commands.slice(index + 1)
      if (plan.stoppedBy !== null) return { tag: 'Interrupted', command, by: plan.stoppedBy, rest }
      // A terminal's Ctrl-C may have reached the command alone.
      if (how === 'SIGINT') return { tag: 'Interrupted', command, by: how, rest }
      if (how !== null) return { tag: 'Failed', command, how, rest }
    }
    return { tag: 'Done' }
  } finally {
    plan.close()
  }
}

/** Takes the signals that come meanwhile to the command that runs. */
class RunningPlan {
  stoppedBy: NodeJS.Signals | null = null
  // On a terminal a command stays in the foreground, where Ctrl-C reaches it by itself and `sudo` may ask; elsewhere its group can be stopped whole.
  readonly #ownGroup = !process.stdin.isTTY
  #running: number | null = null
  #timer: NodeJS.Timeout | null = null
  readonly #onSignal = (signal: NodeJS.Signals) => {
    const isFirst = this.stoppedBy === null
    this.stoppedBy ??= signal
    this.#stop(isFirst ? signal : 'SIGKILL')
    this.#timer ??= setTimeout(() => this.#stop('SIGKILL'), graceMs)
  }

  constructor() {
    for (const signal of signals) process.on(signal, this.#onSignal)
  }

  /** How it failed; null when it did not. A command that was stopped is waited for with all that it started. */
  async run(command: string, cwd: string, env: Env): Promise<string | null> {
    // What it prints is for people: standard output is the report's.
    const stdio = ['ignore', process.stderr, process.stderr] as const
    const child = spawn('/bin/sh', ['-c', command], { cwd, env, detached: this.#ownGroup, stdio: [...stdio] })
    this.#running = child.pid ?? null
    if (this.stoppedBy !== null) this.#stop(this.stoppedBy)
    const how = await new Promise<string | null>((resolve) => {
      child.on('error', (error) => resolve(error.message))
      child.on('close', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit status ${code}`)))
    })
    if (this.stoppedBy !== null && this.#ownGroup) await this.#groupEnds()
    this.#running = null
    return how
  }

  async #groupEnds(): Promise<void> {
    for (let waitedMs = 0; waitedMs < graceMs && this.#stop(0); waitedMs += pollMs) await sleep(pollMs)
    this.#stop('SIGKILL')
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    for (const signal of signals) process.off(signal, this.#onSignal)
  }

  /** Whether anybody was there to get the signal; 0 only asks. */
  #stop(signal: NodeJS.Signals | 0): boolean {
    if (this.#running === null) return false
    try {
      return process.kill(this.#ownGroup ? -this.#running : this.#running, signal)
    } catch {
      return false
    }
  }
}
