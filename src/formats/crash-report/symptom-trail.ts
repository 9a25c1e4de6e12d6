import { readAbortLine, readSanitizerFrame } from './abort-line.ts'
import type { AbortNote, CFrame, ExceptionNote, Finding, LoadFailure, RubyFrame } from './crash-report.ts'
import { readDeathLine } from './death-line.ts'
import { readExceptionLine } from './exception-line.ts'
import { readLoadFailureLine } from './load-failure-line.ts'
import type { Place } from './report-builder.ts'
import { readBacktraceLine, readCFrame } from './report-lines.ts'

const maxBacktrace = 200
/** Other lines that may stand between the lines of one backtrace: source excerpts, blank prefixes, another thread's. */
const maxIdle = 12
/** Lines between Bundler's naming of a gem and that gem's own load error. */
const hintReach = 6

type Draft<T> = { -readonly [K in keyof T]: T[K] }

interface Trail {
  readonly source: string
  readonly finding: Draft<LoadFailure> | Draft<ExceptionNote> | Draft<AbortNote>
  readonly frames: RubyFrame[]
  readonly cFrames: CFrame[]
  idle: number
}

/** Reads what is no report: load failures, exceptions, aborts with the backtrace below them, and death notes. */
export class SymptomTrail {
  readonly #tell: (finding: Finding) => void
  #trail: Trail | null = null
  #gemHint: { readonly gem: string; readonly atLine: number } | null = null
  /** Frames of a `Traceback (most recent call last)`, oldest first: they stand before their exception. */
  #before: RubyFrame[] | null = null

  constructor(tell: (finding: Finding) => void) {
    this.#tell = tell
  }

  get open(): boolean {
    return this.#trail !== null || this.#before !== null
  }

  /** Whether C frames that come now belong to an abort and open no report. */
  get followsAbort(): boolean {
    return this.#trail?.finding.tag === 'AbortNote'
  }

  take(source: string, text: string, place: Place): void {
    if (this.#takeNew(source, text, place)) return
    const trail = this.#trail
    if (trail === null || trail.source !== source) return
    if (extend(trail, text)) trail.idle = 0
    else if ((trail.idle += 1) > maxIdle) this.close()
  }

  close(): void {
    const trail = this.#trail
    this.#trail = null
    if (trail === null) return
    if (trail.finding.tag === 'AbortNote') this.#tell({ ...trail.finding, cFrames: trail.cFrames })
    else this.#tell({ ...trail.finding, rubyFrames: trail.frames })
  }

  #takeNew(source: string, text: string, place: Place): boolean {
    if (this.#takeTraceback(text)) return true
    const gem = /error while trying to load the gem '([\w.-]+)'/.exec(text)?.[1]
    if (gem !== undefined) {
      this.#gemHint = { gem, atLine: place.atLine }
      return true
    }
    // `ruby -d` tells every exception, rescued ones too.
    if (/^Exception [`']/.test(text)) return true
    const abort = readAbortLine(text)
    if (abort !== null) return this.#start(source, { tag: 'AbortNote', ...abort, cFrames: [], ...place }, null)
    const load = readLoadFailureLine(text)
    if (load !== null) {
      if (this.#isAnotherTry(source, text)) return true
      const { frame, message } = splitPlaced(text)
      const hint = this.#gemHint !== null && place.atLine - this.#gemHint.atLine < hintReach ? this.#gemHint.gem : null
      return this.#start(source, { tag: 'LoadFailure', message, ...load, gem: load.gem ?? hint, rubyFrames: [], ...place }, frame)
    }
    const exception = readExceptionLine(text)
    if (exception !== null) {
      const { className, message, frame } = exception
      return this.#start(source, { tag: 'ExceptionNote', className, message, rubyFrames: [], ...place }, frame)
    }
    const death = readDeathLine(text)
    if (death === null) return false
    this.#tell({ tag: 'DeathNote', ...death, ...place })
    return true
  }

  /** Ruby 2.5 to 2.7 on a terminal: numbered frames, the oldest first, then the exception. */
  #takeTraceback(text: string): boolean {
    if (text.includes('Traceback (most recent call last)')) {
      this.#before = []
      return true
    }
    if (this.#before === null) return false
    const frame = /^\s*\d+: from /.test(text) ? readBacktraceLine(text) : null
    if (frame !== null && this.#before.length < maxBacktrace) this.#before.push(frame)
    return frame !== null
  }

  /** ffi tries several names for one library, a line each: the backtrace stands below the last. */
  #isAnotherTry(source: string, text: string): boolean {
    const trail = this.#trail
    if (trail === null || trail.source !== source || trail.finding.tag !== 'LoadFailure') return false
    if (!text.startsWith('Could not open library') || !trail.finding.message.includes('Could not open library')) return false
    if (trail.finding.message.length < 900) trail.finding.message += ` ${text.trim().slice(0, 300)}`
    const better = readLoadFailureLine(text)
    // The path that was there says what it lacks; the others say only that they are not there.
    if (better !== null && /Library not loaded|ELF|rch/.test(text))
      Object.assign(trail.finding, { why: better.why, subject: better.subject })
    return true
  }

  #start(source: string, finding: Trail['finding'], frame: RubyFrame | null): true {
    this.close()
    const older = this.#before?.toReversed() ?? []
    this.#before = null
    this.#trail = { source, finding, frames: frame === null ? older : [frame, ...older], cFrames: [], idle: 0 }
    return true
  }
}

function extend(trail: Trail, text: string): boolean {
  if (trail.finding.tag === 'AbortNote') {
    const frame = readSanitizerFrame(text) ?? readCFrame(text, false)
    if (frame !== null && trail.cFrames.length < maxBacktrace) trail.cFrames.push(frame)
    return frame !== null
  }
  if (trail.finding.tag === 'LoadFailure') {
    const { finding } = trail
    const next = trail.idle === 0 && trail.frames.length < 2
    const unnamed = finding.why === 'undefined-symbol' && finding.symbol === null
    if (next && unnamed && unwrap(finding, text)) return true
    if (continueLoadFailure(finding, text) || (next && unwrap(finding, text))) return true
  }
  const frame = readBacktraceLine(text)
  if (frame !== null && trail.frames.length < maxBacktrace) trail.frames.push(frame)
  return frame !== null
}

const placedMessage = /^(.+?):(\d+):in [`'](.*?)['’]: (.*)$/

function splitPlaced(text: string): { readonly frame: RubyFrame | null; readonly message: string } {
  const found = placedMessage.exec(text.trim())
  if (found?.[1] === undefined) return { frame: null, message: text.trim().slice(0, 600) }
  return { frame: { file: found[1], line: Number(found[2]), method: found[3] ?? '' }, message: (found[4] ?? '').slice(0, 600) }
}

/** A message that mail or a terminal broke where it says what is the matter: `Library not` / `loaded: …`. */
function unwrap(finding: Draft<LoadFailure>, text: string): boolean {
  const unsaid = finding.why === 'other-dlopen' || (finding.why === 'undefined-symbol' && finding.symbol === null)
  if (!unsaid || finding.message.length > 600) return false
  const message = `${finding.message} ${text.trim().slice(0, 300)}`
  const whole = readLoadFailureLine(message)
  if (whole === null || whole.why === 'other-dlopen') return false
  Object.assign(finding, { message, why: whole.why, subject: whole.subject, symbol: whole.symbol, file: finding.file ?? whole.file })
  return true
}

/** `Referenced from:`, `Reason:`, `Expected in:`, ` - FILE (LoadError)`: dyld's and dln.c's further lines. */
function continueLoadFailure(finding: Draft<LoadFailure>, text: string): boolean {
  const referenced = /^\s*Referenced from: (?:<[^>]*> )?(\S.*?)\s*$/.exec(text)?.[1]
  const dashed = /(?:^|\s)- (\/\S.*?\.(?:so|bundle))(?: \(LoadError\))?\s*$/.exec(text)?.[1]
  // did_you_mean knows the file for another Ruby.
  const meant = /^\s*Did you mean\?\s+(\S*\d\.\d\/\S+)\s*$/.exec(text)?.[1]
  if (meant !== undefined && finding.why === 'no-such-file') {
    finding.message += ` (${text.trim().slice(0, 300)})`
    return true
  }
  const isReason = /^\s*(?:Reason|Expected in|tried):/.test(text)
  if (referenced === undefined && dashed === undefined && !isReason) return false
  finding.file = finding.file ?? dashed ?? referenced ?? null
  if (isReason && /incompatible architecture|missing compatible arch|wrong architecture/.test(text)) finding.why = 'wrong-architecture'
  if (isReason && finding.message.length < 900) finding.message += ` ${text.trim().slice(0, 300)}`
  return true
}
