import type { DeathNote } from './crash-report.ts'

export type DeathLine = Pick<DeathNote, 'signal' | 'outOfMemory' | 'message' | 'library'>

const bySignalNumber: Readonly<Record<string, string>> = {
  '4': 'SIGILL',
  '5': 'SIGTRAP',
  '6': 'SIGABRT',
  '7': 'SIGBUS',
  '8': 'SIGFPE',
  '9': 'SIGKILL',
  '11': 'SIGSEGV',
  '15': 'SIGTERM',
  '31': 'SIGSYS',
}

/** Texts of strsignal(3), as shells print them. */
const byText: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\s)Segmentation fault(?:: 11)?\s*(?:\(core dumped\)|$)/, 'SIGSEGV'],
  [/(?:^|\s)Aborted\s*(?:\(core dumped\)|$)|(?:^|\s)Abort trap(?:: 6)?\s*(?:\(core dumped\)|$)/, 'SIGABRT'],
  [/(?:^|\s)Bus error(?:: 10)?\s*(?:\(core dumped\)|$)/, 'SIGBUS'],
  [/(?:^|\s)Illegal instruction(?:: 4)?\s*(?:\(core dumped\)|$)/, 'SIGILL'],
  [/(?:^|\s)Floating point exception(?:: 8)?\s*(?:\(core dumped\)|$)/, 'SIGFPE'],
  [/(?:^|\s)Trace\/(?:BPT|breakpoint) trap/, 'SIGTRAP'],
  [/(?:^|: |\d+ )Killed(?:: 9)?\s*$|: line \d+: +\d+ Killed\b/, 'SIGKILL'],
]

/** zsh's and bash's word for a job: `[1]  + 48213 segmentation fault  bin/rails server`; the prefix reader may have taken the number. */
const job =
  /^(?:\[\d+\]\s*)?(?:[+-]\s+)?\d{2,7} (abort|segmentation fault|bus error|killed|illegal hardware instruction|floating point exception|trace trap)(?: \(core dumped\))? {2,}\S/
const byJobText: Readonly<Record<string, string>> = {
  abort: 'SIGABRT',
  'segmentation fault': 'SIGSEGV',
  'bus error': 'SIGBUS',
  killed: 'SIGKILL',
  'illegal hardware instruction': 'SIGILL',
  'floating point exception': 'SIGFPE',
  'trace trap': 'SIGTRAP',
}

const kernelFault =
  /(?:^|\[\d+\]: )segfault at [0-9a-f]+ ip \S+ sp \S+ error \d+(?: cpu \d+)?(?: in (\S+?)\[)?|traps: .{1,40}\[\d+\] (?:trap invalid opcode|general protection)[^]*?(?: in (\S+?)\[|$)/
const oom =
  /Out of memory: Kill(?:ed)? process|oom-kill:|Memory cgroup out of memory|OOMKilled|oom_reaper: reaped|invoked oom-killer|Error R15 \(Memory quota vastly exceeded\)|Failed with result 'oom-kill'/
const exitCode = String.raw`(?:exited (?:with )?(?:code|status)|[Ee]xit[ _]?(?:[Cc]ode|[Ss]tatus)|status:?)[\"' =:]*(?<code>\d{1,3})\b`
const bySignal = String.raw`(?:killed by|terminated by|terminated with|died from|received|by|uncaught target|default action of) signal:? ?(?:SIG)?(?<signal>\d{1,2}|[A-Z]{3,4})\b`
/** Passenger's own crash handler. */
const byPassenger = String.raw`\bsigno=SIG(?<signo>[A-Z]{3,4})\(\d+\)`
const bySystemd = String.raw`code=(?:killed|dumped), status=\d+\/(?<systemd>[A-Z]+)`
const byName = String.raw`\bSIG(?<name>ABRT|SEGV|BUS|ILL|KILL|FPE|TRAP|SYS)\b(?: \(signal \d+\)|["')]?\s*$)`
const supervised = new RegExp(`${byName}|${byPassenger}|${bySystemd}|${bySignal}|${exitCode}`)

/** Reads what a kernel, shell or supervisor says about a death; null for any other line. */
export function readDeathLine(text: string): DeathLine | null {
  const line = text.trim().slice(0, 400)
  if (oom.test(line)) return { signal: 'SIGKILL', outOfMemory: true, message: line, library: null }
  const doubled = /\b(SEGV|BUS|ILL) received in \1 handler/.exec(line)?.[1]
  if (doubled !== undefined) return { signal: `SIG${doubled}`, outOfMemory: false, message: line, library: null }
  const kernel = line.includes('segfault at') || line.includes('traps: ') ? kernelFault.exec(line) : null
  if (kernel !== null) {
    const library = kernel[1] ?? kernel[2] ?? null
    return { signal: line.includes('invalid opcode') ? 'SIGILL' : 'SIGSEGV', outOfMemory: false, message: line, library }
  }
  for (const [form, signal] of byText)
    if (form.test(line) && line.length < 200) return { signal, outOfMemory: false, message: line, library: null }
  const ended = byJobText[job.exec(line)?.[1] ?? '']
  if (ended !== undefined) return { signal: ended, outOfMemory: false, message: line, library: null }
  const told = /ode|tatus|ignal|SIG/.test(line) ? supervised.exec(line)?.groups : undefined
  if (told === undefined) return null
  const name = told['name'] ?? told['signo'] ?? told['systemd'] ?? told['signal']
  const signal = name === undefined ? (bySignalNumber[String(Number(told['code']) - 128)] ?? null) : signalOf(name)
  return signal === null || signal === 'SIGTERM' || signal === 'SIGINT'
    ? null
    : { signal, outOfMemory: false, message: line, library: null }
}

function signalOf(name: string): string | null {
  return /^\d+$/.test(name) ? (bySignalNumber[name] ?? null) : `SIG${name}`
}
