import type { CFrame, CrashReport } from '../../formats/crash-report/crash-report.ts'
import { ownerOfFrame, type FrameOwner } from './frame-owner.ts'

/** What the C frames say: where it happened, and the first frame below that is neither Ruby's nor libc's. */
export interface CrashSite {
  /** Newest first, from the crash site on; Ruby's own reporter and the signal trampoline are cut off. */
  readonly frames: readonly OwnedFrame[]
  /** How the start was found; `guess` when the beginning of the backtrace is missing. */
  readonly found: 'trampoline' | 'reporter' | 'guess'
  readonly suspect: OwnedFrame | null
  /** A C library (libpq, libffi) in which it happened, directly above the suspect. */
  readonly through: OwnedFrame | null
  /** Frames of Ruby, or unknown ones, between the crash site and the suspect: then the suspect may only have called Ruby. */
  readonly rubyBetween: number
  /** Names of Ruby's functions between. */
  readonly rubyFunctions: readonly string[]
}

export interface OwnedFrame {
  readonly frame: CFrame
  readonly owner: FrameOwner
}

/** Kernel's return from a signal handler: the frame below is where the signal struck (glibc sigaction.c, macOS _sigtramp.s). */
const trampoline =
  /^_*(?:restore_rt|restore|sigtramp|kernel_rt_sigreturn|rt_sigreturn|sigreturn|KiUserExceptionDispatcher)$|^<signal handler called>$/
/** Ruby's reporter (error.c, vm_dump.c, signal.c) and libc's abort. */
const reporter =
  /^_*(?:rb_print_backtrace|rb_vm_bugreport|rb_bug\w*|rb_assert_failure|bug_report_\w+|rb_async_bug_errno|report_bug\w*|die|sig(?:segv|bus|ill|abrt|_do_nothing)|check_stack_overflow\w*|ruby_abort|abort|raise|gsignal|pthread_kill|pthread_kill_\w+|rb_fatal|rb_memerror|unexpected_\w*signal|segv_handler)$/
const depthOfReporter = 24

export function readCrashSite(report: CrashReport): CrashSite {
  const frames = report.cFrames.map((frame) => ({ frame, owner: ownerOfFrame(frame, report) }))
  const { start, found } = findStart(frames, report)
  const below = frames.slice(start)
  let through: OwnedFrame | null = null
  let rubyBetween = 0
  const rubyFunctions: string[] = []
  for (const one of below) {
    if (one.owner.tag === 'gem') return { frames: below, found, suspect: one, through, rubyBetween, rubyFunctions }
    if (one.owner.tag === 'library' && rubyBetween === 0) through ??= one
    if (one.owner.tag !== 'ruby' && one.owner.tag !== 'unknown') continue
    if (through !== null && rubyBetween === 0) break
    rubyBetween += 1
    if (one.frame.symbol !== null) rubyFunctions.push(one.frame.symbol.replace(/^_+/, ''))
  }
  return { frames: below, found, suspect: null, through, rubyBetween, rubyFunctions }
}

function findStart(frames: readonly OwnedFrame[], report: CrashReport): { readonly start: number; readonly found: CrashSite['found'] } {
  const head = frames.slice(0, depthOfReporter)
  const jumped = head.findLastIndex(({ frame }) => frame.symbol !== null && trampoline.test(frame.symbol))
  if (jumped >= 0) return { start: jumped + 1, found: 'trampoline' }

  const reported = lastReporter(head)
  if (reported >= 0) {
    const handler = /sig(?:segv|bus|ill|abrt)|rb_bug_for_fatal_signal/.test(head[reported]?.frame.symbol ?? '')
    // A stripped handler below `rb_bug`: Ruby up to 2.0 reported faults by it.
    const stripped = !handler && isNameless(head[reported + 1], 'ruby') && isNameless(head[reported + 2], 'machine') ? 1 : 0
    const isTrampoline = (handler || stripped > 0) && isNameless(head[reported + 1 + stripped], 'machine')
    return { start: reported + (isTrampoline ? 2 + stripped : 1), found: isTrampoline ? 'trampoline' : 'reporter' }
  }
  // Stripped Ruby: its reporter is the leading run of nameless frames, the trampoline the libc frame after it.
  const leading = head.findIndex(({ owner }) => owner.tag !== 'ruby' && owner.tag !== 'unknown')
  // Registers are printed for a signal only, which tells where the header is lost.
  const faulted = report.header === null ? Object.keys(report.registers).length > 0 : report.header.signal !== null
  if (leading < 1 || leading > 8 || (report.header === null && !faulted)) return { start: 0, found: 'guess' }
  if (!faulted) return { start: leading, found: 'reporter' }
  if (head[leading]?.owner.tag !== 'machine') return { start: leading, found: 'reporter' }
  return { start: afterThreadLibrary(head, leading), found: 'trampoline' }
}

/** FreeBSD's libthr wraps each handler in frames of its own, above the kernel's trampoline page (lib/libthr/thread/thr_sig.c). */
function afterThreadLibrary(head: readonly OwnedFrame[], at: number): number {
  if (!/\/libthr\.so/.test(head[at]?.frame.library ?? '')) return at + 1
  const next = head.findIndex(({ frame }, index) => index > at && !/\/libthr\.so/.test(frame.library ?? ''))
  if (next < 0) return at + 1
  return head[next]?.owner.tag === 'unknown' ? next + 1 : next
}

function isNameless(one: OwnedFrame | undefined, tag: FrameOwner['tag']): boolean {
  return one !== undefined && one.owner.tag === tag && one.frame.symbol === null
}

/** The reporter is one run at the top; a `raise` far below belongs to the program. */
function lastReporter(head: readonly OwnedFrame[]): number {
  let last = -1
  for (const [at, { frame, owner }] of head.entries()) {
    if (owner.tag === 'gem' || owner.tag === 'library') break
    if (frame.symbol !== null && reporter.test(frame.symbol)) last = at
    else if (last >= 0 && frame.symbol !== null) break
  }
  return last
}
