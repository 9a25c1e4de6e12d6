import type { CrashReport } from '../../formats/crash-report/crash-report.ts'
import type { CrashSite } from './crash-site.ts'
import type { RubySite } from './ruby-site.ts'

/** A signal that was sent, not earned: the kernel then puts the sender where the fault address would be (sigaction(2), `si_pid`, `si_uid`). */
export interface SentSignal {
  readonly uid: number
  readonly pid: number
  /** Ruby's own `Process.kill` ran: the process signalled itself or a group of its own. */
  readonly byItself: boolean
  readonly confidence: 'likely' | 'suspected'
}

const maxPid = 4_194_304
/** High halves of user addresses on Linux (executable, mmap, stack), which look like no user id. */
const isAddressHalf = (high: number): boolean => (high >= 0x5500 && high <= 0x5700) || (high >= 0x7e00 && high <= 0x7fff) || high >= 0xaaaa
const waiting =
  /^_*(?:kill|tgkill|poll|ppoll|epoll_wait|epoll_pwait|select|pselect\w*|nanosleep|clock_nanosleep|futex\w*|pthread_cond_(?:timed)?wait\S*|read|recv\w*|accept4?|wait4|waitpid|sem_wait\S*|do_futex_wait\S*|sigsuspend|pause|syscall|io_uring_enter|kevent|mach_msg\w*|semwait_signal\w*)$/
const raising = /^_*(?:raise|gsignal|pthread_kill\w*|tgkill|abort)$/
const waitingMethod = new Set([
  'kill',
  'sleep',
  'select',
  'wait',
  'wait2',
  'waitpid',
  'join',
  'pop',
  'accept',
  'read',
  'gets',
  'lock',
  'synchronize',
  'value',
  '__accept_nonblock',
  'wait_readable',
  'poll',
  'waitall',
  'detach',
])

/** Decides whether the fault address is the sender of a signal. Null where memory was touched, or nothing tells. */
export function readSentSignal(report: CrashReport, site: CrashSite, ruby: RubySite): SentSignal | null {
  const address = report.header?.address
  if (address === null || address === undefined || report.header?.signal === null) return null
  // Whoever calls abort() sends the signal to itself.
  const names = report.cFrames.slice(0, 16).flatMap(({ symbol }) => (symbol === null ? [] : [symbol]))
  if (report.header?.signal === 'ABRT' && (names.length === 0 || names.some((name) => raising.test(name)))) return null
  const value = BigInt(address)
  if (value < 2n || value >= 1n << 48n) return null
  const high = Number(value >> 32n)
  const pid = Number(value & 0xffff_ffffn)
  if (pid === 0 || pid >= maxPid || isAddressHalf(high)) return null

  const top = site.frames[0]
  const symbol = top?.frame.symbol ?? null
  const inWait = symbol !== null && top?.owner.tag !== 'gem' && waiting.test(symbol)
  const methodWaits = ruby.cMethod !== null && waitingMethod.has(ruby.cMethod)
  const byItself = ruby.cMethod === 'kill' || (symbol !== null && /^_*(?:kill|tgkill)$/.test(symbol))
  // The syscall instruction leaves its return address in RCX (AMD64 manual, SYSCALL): the signal struck inside the kernel.
  const inSyscall = report.registers['RIP'] !== undefined && report.registers['RIP'] === report.registers['RCX']
  // An extension that raised it is at fault, unlike one that was waiting when it came.
  if (
    site.suspect !== null &&
    site.rubyBetween === 0 &&
    site.frames.slice(0, 4).some(({ frame }) => frame.symbol !== null && raising.test(frame.symbol))
  )
    return null
  if (byItself || inWait || inSyscall) return { uid: high, pid, byItself, confidence: 'likely' }
  if (site.suspect !== null && site.rubyBetween === 0) return null
  if (methodWaits && top?.owner.tag === 'machine' && site.suspect === null) return { uid: high, pid, byItself: false, confidence: 'likely' }
  if (nearSomeRegister(value, report)) return null
  const hasRegisters = Object.keys(report.registers).length > 0
  // Accounts of the system itself (below 1000: login.defs(5), UID_MIN) seldom signal a Ruby: an address without registers beside it may be one.
  if (high >= 1000) return { uid: high, pid, byItself: false, confidence: 'likely' }
  if (high > 0) return hasRegisters ? { uid: high, pid, byItself: false, confidence: 'likely' } : null
  // Root sends as user 0: the address is then a bare, small number, which an offset from a null pointer can also be.
  return pid > 0x1000 && hasRegisters ? { uid: 0, pid, byItself: false, confidence: methodWaits ? 'likely' : 'suspected' } : null
}

/** An access faults at a register plus a small offset: then the address was computed, not sent. */
function nearSomeRegister(value: bigint, report: CrashReport): boolean {
  for (const [name, text] of Object.entries(report.registers)) {
    if (name === 'FAU' || name === 'EFL' || name === 'RFL') continue
    const distance = value - BigInt(text)
    if (distance > -4096n && distance < 4096n) return true
  }
  return false
}
