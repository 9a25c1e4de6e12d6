import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { listProcesses, readEnvironment } from '../../system/proc-fs.ts'
import { signalGroup, signalProcess } from '../../system/process-group.ts'
import { markVariable } from '../../system/process-record.ts'
import { readProbe, type ProbeRun } from './read-probe.ts'
import { ownFile } from '../../own-files.ts'

const script = ownFile('ruby/load-probe.rb')
/** Ends the probe with whoever started it (util-linux); elsewhere the limits alone bound it. */
const parentDeathSignal = '/usr/bin/setpriv'
const maxStderrBytes = 64 * 1024
/** A thousand files that are all refused take 600 KB. An extension may write there, too. */
const maxToldBytes = 4 * 1024 * 1024
/** All is loaded: what does not end within this, in milliseconds, is no question of loading. */
const exitWithinMs = 2_000
/** A process that is killed, or its pipes, may outlast that: in the kernel, or with a process that nobody may see. */
const killedWithinMs = 2_000

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

/** Loads files in one sacrificial Ruby with limits on time, memory and processor. Nothing that it started outlives it. */
export function runProbe(plan: ProbePlan): Promise<ProbeRun> {
  const count = plan.files.length
  if (plan.signal.aborted)
    return Promise.resolve(readProbe(count, { told: '', stderr: '', failure: stopped, hung: false, signal: null, code: null }))
  const mark = randomUUID()
  const child = start(plan, mark)
  return new Promise((resolve) => {
    let [told, stderr] = ['', '']
    let [hung, late] = [false, false]
    let failure: string | null = null
    let end: { readonly code: number | null; readonly signal: NodeJS.Signals | null } = { code: null, signal: null }
    const kill = () => {
      endAll(child, mark)
      clearTimeout(timer)
      timer = setTimeout(settle, killedWithinMs)
    }
    const settle = () => {
      clearTimeout(timer)
      plan.signal.removeEventListener('abort', kill)
      for (const stream of child.stdio) stream?.destroy()
      child.unref()
      const { code, signal } = end
      if (plan.signal.aborted) failure ??= stopped
      resolve(readProbe(count, { told, stderr, failure, hung, signal: late ? null : signal, code }))
    }
    let timer = setTimeout(() => {
      hung = true
      kill()
    }, plan.timeoutMs)
    const isDone = () => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        late = true
        kill()
      }, exitWithinMs)
    }
    plan.signal.addEventListener('abort', kill, { once: true })
    child.on('error', (error) => (failure = error.message))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < maxStderrBytes) stderr += text
    })
    const report = child.stdio[3]
    if (report !== null && report !== undefined && 'setEncoding' in report) {
      report.setEncoding('utf8')
      report.on('data', (text: string) => {
        if (told.length < maxToldBytes) told += text
        if (told.endsWith('\ndone\n')) isDone()
      })
    }
    // A probe that dies at once leaves its input unread.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input(plan))
    // A process that it left behind may hold the pipes for ever, in a session of its own.
    child.on('exit', (code, signal) => {
      end = { code, signal }
      kill()
    })
    child.on('close', settle)
  })
}

const stopped = 'it was stopped'

function start({ ruby, env: given, bindNow }: ProbePlan, mark: string): ChildProcess {
  const command = [...(existsSync(parentDeathSignal) ? [parentDeathSignal, '--pdeathsig', 'KILL', '--'] : []), ruby]
  const flags = ['--disable=gems,did_you_mean,error_highlight,rubyopt', script]
  const { RUBYLIB: _lib, RUBYOPT: _opt, RUBY_CRASH_REPORT: _report, ...env } = given
  return spawn(command[0] ?? ruby, [...command.slice(1), ...flags], {
    cwd: '/',
    env: { ...env, [markVariable]: mark, ...(bindNow ? { LD_BIND_NOW: '1' } : {}) },
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

function input({ files, loadPath, memoryMb, cpuSeconds }: ProbePlan): string {
  const usable = (path: string) => !path.includes('\n')
  return [
    'limit core 0',
    // At the first number the process gets SIGXCPU, which tells what it was; at the second, SIGKILL.
    `limit cpu ${cpuSeconds} ${cpuSeconds + 1}`,
    `limit as ${memoryMb * 1024 * 1024}`,
    ...loadPath.filter(usable).map((folder) => `path ${folder}`),
    ...files.map((file) => `load ${file}`),
    '',
  ].join('\n')
}

/** Kills the probe's group, and what has left it: all carry the mark in their environment. */
function endAll({ pid }: ChildProcess, mark: string): void {
  if (pid === undefined) return
  signalGroup(pid, 'SIGKILL')
  for (const other of listProcesses()) if (readEnvironment(other)?.get(markVariable) === mark) signalProcess(other, 'SIGKILL')
}
