import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../../ruby/load-probe.rb', import.meta.url))
/** Ends the probe with whoever started it (util-linux); elsewhere the limits alone bound it. */
const parentDeathSignal = '/usr/bin/setpriv'
const maxKeptBytes = 64 * 1024
/** All is loaded: what does not end within this, in milliseconds, is no question of loading. */
const exitWithinMs = 2_000

export interface ProbePlan {
  readonly ruby: string
  /** Extension files, in load order. */
  readonly files: readonly string[]
  /** Load path, for extensions that require Ruby files of their gems. */
  readonly loadPath: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly cpuSeconds: number
  /** Bind every symbol at load, not at the first call. */
  readonly bindNow: boolean
  /** Ends it early. */
  readonly signal: AbortSignal
}

export type FileOutcome =
  | { readonly tag: 'Loaded' }
  | { readonly tag: 'Raised'; readonly error: string; readonly message: string }
  /** Not reached: the process ended before. */
  | { readonly tag: 'Unreached' }

export interface ProbeRun {
  readonly outcomes: readonly FileOutcome[]
  readonly end:
    | { readonly tag: 'Finished' }
    /** Died or hung: while loading `file`, or (null) between two, or after the last. `atExit`: all were loaded, it was ending. */
    | { readonly tag: 'Died'; readonly file: number | null; readonly how: string; readonly atExit: boolean }
    | { readonly tag: 'Hung'; readonly file: number | null }
    | { readonly tag: 'NotStarted'; readonly why: string }
  /** What it wrote to stderr, bounded. */
  readonly stderr: string
}

/** Loads files in one sacrificial Ruby with limits on time, memory and processor. */
export function runProbe(plan: ProbePlan): Promise<ProbeRun> {
  const command = [...(existsSync(parentDeathSignal) ? [parentDeathSignal, '--pdeathsig', 'KILL', '--'] : []), plan.ruby]
  const flags = ['--disable=gems,did_you_mean,error_highlight,rubyopt', script]
  const { RUBYLIB: _lib, RUBYOPT: _opt, RUBY_CRASH_REPORT: _report, ...env } = plan.env
  const child = spawn(command[0] ?? plan.ruby, [...command.slice(1), ...flags], {
    cwd: '/',
    env: { ...env, ...(plan.bindNow ? { LD_BIND_NOW: '1' } : {}) },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  return new Promise((resolve) => {
    let told = ''
    let stderr = ''
    let hung = false
    let failure: string | null = null
    const abort = () => {
      if (child.pid !== undefined) killGroup(child.pid)
    }
    let timer = setTimeout(() => {
      hung = true
      abort()
    }, plan.timeoutMs)
    let late = false
    const isDone = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        late = true
        abort()
      }, exitWithinMs)
    }
    plan.signal.addEventListener('abort', abort, { once: true })
    child.on('error', (error) => (failure = error.message))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < maxKeptBytes) stderr += text
    })
    const report = child.stdio[3]
    if (report !== null && report !== undefined && 'setEncoding' in report) {
      report.setEncoding('utf8')
      report.on('data', (text: string) => {
        told += text
        if (told.endsWith('\ndone\n')) isDone()
      })
    }
    // A probe that dies at once leaves its input unread.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input(plan))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      plan.signal.removeEventListener('abort', abort)
      if (child.pid !== undefined) killGroup(child.pid)
      resolve(toRun(plan.files.length, { told, stderr, failure, hung, signal: late ? null : signal, code }))
    })
  })
}

function input({ files, loadPath, memoryMb, cpuSeconds }: ProbePlan): string {
  const usable = (path: string) => !path.includes('\n')
  return [
    'limit core 0',
    `limit cpu ${cpuSeconds}`,
    `limit as ${memoryMb * 1024 * 1024}`,
    ...loadPath.filter(usable).map((folder) => `path ${folder}`),
    ...files.map((file) => `load ${file}`),
    '',
  ].join('\n')
}

interface Ending {
  readonly told: string
  readonly stderr: string
  readonly failure: string | null
  readonly hung: boolean
  /** Null where it ended by itself, or was ended for being late with its end. */
  readonly signal: NodeJS.Signals | null
  readonly code: number | null
}

function toRun(count: number, { told, stderr, failure, hung, signal, code }: Ending): ProbeRun {
  const outcomes: FileOutcome[] = Array.from({ length: count }, () => ({ tag: 'Unreached' }))
  const how = signal ?? `exit status ${code}`
  let started: number | null = null
  let done = false
  for (const line of told.split('\n')) {
    const [, verb, number, error = '', message = ''] = /^(start|ok|raised|done)(?: (\d+))?(?: (\S+) (.*))?$/.exec(line) ?? []
    const index = Number(number)
    if (verb === 'start') started = index
    else if (verb === 'done') done = true
    else if (verb !== undefined) {
      outcomes[index] = verb === 'ok' ? { tag: 'Loaded' } : { tag: 'Raised', error, message }
      started = null
    }
  }
  if (failure !== null || (told === '' && !hung))
    return { outcomes, end: { tag: 'NotStarted', why: failure ?? firstLine(stderr, how) }, stderr }
  // What an extension's own code raises at the end is its own business; a signal is not.
  if (done && signal === null) return { outcomes, end: { tag: 'Finished' }, stderr }
  return { outcomes, end: hung ? { tag: 'Hung', file: started } : { tag: 'Died', file: started, how, atExit: done }, stderr }
}

function firstLine(text: string, otherwise: string): string {
  return (text.split('\n').find((line) => line.trim() !== '') ?? otherwise).slice(0, 300)
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // The group has ended.
  }
}
