import { spawn } from 'node:child_process'

export interface Ran {
  /** 1 as well when it ended by a signal, or could not be started. */
  readonly exitCode: number
  /** What it wrote, both streams; empty when it wrote to this process's own. */
  readonly output: string
  readonly tookMs: number
}

/** Runs a command to its end; kills it with its children when `deadlineMs` (a duration) has passed. */
export async function runCommand(
  argv: readonly [string, ...string[]],
  { show, deadlineMs, env = {} }: { show: boolean; deadlineMs: number; env?: NodeJS.ProcessEnv },
): Promise<Ran> {
  const startedMs = performance.now()
  const [file, ...args] = argv
  const child = spawn(file, args, {
    stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    env: { ...process.env, ...env },
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const timer = setTimeout(() => {
    chunks.push(Buffer.from(`\nkilled: not done after ${deadlineMs / 1000} s\n`))
    child.kill('SIGKILL')
  }, deadlineMs)
  const exitCode = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      chunks.push(Buffer.from(String(error)))
      resolve(1)
    })
    child.on('close', (code) => resolve(code ?? 1))
  })
  clearTimeout(timer)
  return { exitCode, output: Buffer.concat(chunks).toString(), tookMs: performance.now() - startedMs }
}
