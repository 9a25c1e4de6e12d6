import type { CrashReport } from '../../formats/crash-report/crash-report.ts'
import type { CrashSite } from './crash-site.ts'
import type { RubySite } from './ruby-site.ts'

/** Facts about a report that known causes ask for. */
export type ReportTrait =
  | 'sent-signal'
  | 'in-gc'
  | 'in-allocator'
  | 'wild-jump'
  | 'no-ruby-thread'
  | 'double-fault'
  | 'null-pointer'
  | 'while-loading'
  | 'ruby-only'
  | 'in-ruby'
  | 'interleaved'
  | 'guessed'

const gcFunction = /^(?:gc_|rb_gc|rgengc|garbage_collect|obj_free|newobj_|heap_|objspace_|ruby_gc|rb_wb|gc$)/
const allocator =
  /^_*(?:libc_)?(?:int_)?(?:malloc|free|cfree|realloc|calloc|memalign|unlink_chunk|malloc_consolidate|malloc_printerr|je_\w+|arena_\w+|tcache_\w+|szone_\w+|tiny_\w+)(?:\b|_)/

export function traitsOf(report: CrashReport, site: CrashSite, ruby: RubySite): ReportTrait[] {
  const traits: ReportTrait[] = []
  const address = report.header?.address ?? null
  const pc = report.registers['RIP'] ?? report.registers['PC'] ?? report.registers['EIP']
  if (insideGc(site) || /T_NONE|during garbage collection|rb_gc_mark/.test(report.header?.message ?? '')) traits.push('in-gc')
  if (pc !== undefined && report.header?.signal !== 'ILL' && (pc === '0x0' || (address !== null && pc === address)))
    traits.push('wild-jump')
  if (runsNoRuby(report)) traits.push('no-ruby-thread')
  if (insideAllocator(site)) traits.push('in-allocator')
  if (report.remarks.some((remark) => /received in|Crashed while/.test(remark))) traits.push('double-fault')
  if (address !== null && BigInt(address) < 0x1000n && report.header?.signal === 'SEGV') traits.push('null-pointer')
  if (
    /\.(?:so|bundle)$/.test(report.header?.file ?? '') ||
    (ruby.cMethod !== null && /^(?:require|require_relative|load)$/.test(ruby.cMethod))
  )
    traits.push('while-loading')
  if (site.suspect === null && site.through === null && site.frames.length > 0) traits.push('ruby-only')
  if (site.suspect === null || site.rubyBetween > 0) traits.push('in-ruby')
  if (report.interleaved) traits.push('interleaved')
  if (site.suspect?.owner.tag === 'gem' && site.suspect.owner.by === 'guess') traits.push('guessed')
  return traits
}

/** A thread that Ruby didn't start, or that never ran Ruby code: no position, and no control frame but the bottom one. */
function runsNoRuby({ header, format, sections, controlFrames }: CrashReport): boolean {
  if (header === null || header.file !== null || format !== 'ruby' || !(sections.includes('c') || sections.includes('control')))
    return false
  return controlFrames.every(({ type, label }) => label === '' && (type === 'DUMMY' || type === '(none)'))
}

/** The allocator stumbled over damage that somebody did earlier: whoever called it is no more suspect than others. */
function insideAllocator(site: CrashSite): boolean {
  const first = site.frames.findIndex(({ owner }) => owner.tag !== 'machine')
  return site.frames
    .slice(0, Math.max(3, first))
    .some(({ frame, owner }) => owner.tag === 'machine' && frame.symbol !== null && allocator.test(frame.symbol))
}

export function insideGc(site: CrashSite): boolean {
  return site.frames
    .slice(0, 12)
    .some(({ frame, owner }) => owner.tag !== 'gem' && frame.symbol !== null && gcFunction.test(frame.symbol.replace(/^_+/, '')))
}

/** A register of eight printable bytes: text taken for a pointer. Such an address is not canonical, and x86-64 then reports 0 (AMD64 manual, #GP). */
function textInRegister({ registers }: CrashReport): string | null {
  for (const value of Object.values(registers)) if (/^0x(?:[2-7][0-9a-f]){8}$/.test(value)) return value
  return null
}

export function contextOf(report: CrashReport, site: CrashSite, ruby: RubySite, traits: readonly ReportTrait[]): string[] {
  const lines: string[] = []
  const address = report.header?.address ?? null
  if (ruby.line !== null) lines.push(`Ruby was at ${ruby.line}${ruby.cMethod === null ? '' : ` in the C method ${ruby.cMethod}`}`)
  const text = textInRegister(report)
  if (traits.includes('null-pointer') && text === null)
    lines.push(`the fault address ${address ?? ''} lies just above zero: a null pointer, or a small number taken for one`)
  if (text !== null && (address === '0x0' || address === text))
    lines.push('a register holds eight letters where a pointer should be: freed or overwritten memory was used')
  if (traits.includes('wild-jump'))
    lines.push('the instruction pointer is the fault address or zero: a call through a bad function pointer')
  if (traits.includes('in-gc') && !/allocation/.test(report.header?.message ?? ''))
    lines.push('it struck inside garbage collection: the damage was done earlier, elsewhere')
  if (traits.includes('in-allocator')) lines.push('it struck inside malloc or free: the heap had been damaged before, by whomever')
  if (traits.includes('no-ruby-thread')) lines.push('the report has no Ruby sections: it struck in a native thread that runs no Ruby code')
  if (traits.includes('double-fault')) lines.push('Ruby crashed again while reporting')
  if (report.interleaved) lines.push('lines of two processes are mixed: frames may belong to either')
  if (!report.complete && site.frames.length === 0) lines.push('the report stops before its C backtrace')
  return lines
}
