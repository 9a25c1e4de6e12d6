import { opensAppleJson, readAppleJsonReport } from './apple-json-report.ts'
import { AppleReportBuilder, opensAppleReport } from './apple-report-builder.ts'
import { readCrashtrackerReport } from './crashtracker-report.ts'
import { findBugHeader } from './bug-header.ts'
import type { BugHeader, Finding } from './crash-report.ts'
import { readGdbStop } from './gdb-frame.ts'
import { HeaderMender } from './header-mender.ts'
import { LineSplitter } from './line-splitter.ts'
import { jsonLogLines, readTimestamp, stripAnsi, stripPrefix } from './log-prefix.ts'
import { opensHeadless } from './opens-headless.ts'
import { ReportBuilder, type Place } from './report-builder.ts'
import { SymptomTrail } from './symptom-trail.ts'
import { WrappedMessage } from './wrapped-message.ts'

/** Most findings kept when nobody takes them one by one; a process that crashes in a loop repeats itself. */
const maxFindings = 512
/** Lines after which a report or a backtrace that got no more is over. */
const patience = 200
/** Lines between a debugger's word of a signal and its backtrace. */
const linesToFrames = 12
/** Open reports of different processes in one stream. */
const maxOpen = 8
/** Longest text kept of anything, in UTF-16 units: above PATH_MAX of usual systems no path is real. */
const maxTextUnits = 1_024
/** Longest `.ips` body kept, in UTF-16 units; real ones have 50,000 to 500,000. */
const maxJsonUnits = 2 * 1024 * 1024

interface Open {
  readonly builder: ReportBuilder
  idle: number
  /** Lines of other kinds since the header, while nothing has confirmed it. */
  strangers: number
}

/**
 * Finds Ruby crash reports, load failures, aborts, telling exceptions and death notes in any stream of log lines. Feed it bytes; memory
 * stays bounded (256 Ki units a line, capped lists) whatever they are. Nothing throws on bad input.
 *
 * Sources: Ruby's `error.c`, `vm_dump.c`, `signal.c`, `dln.c`; glibc's `elf/dl-load.c`; musl's `ldso/dynlink.c`.
 */
export class CrashReportReader {
  readonly #findings: Finding[] = []
  readonly #onFinding: (finding: Finding) => void
  readonly #splitter = new LineSplitter({
    attentive: () =>
      this.#open.size > 0 ||
      this.#message.holding ||
      this.#atLine < this.#stopped.until ||
      this.#trail.open ||
      this.#apple !== null ||
      this.#json !== null,
    line: (text, number, previous) => {
      this.#previous = previous
      this.#line(text, number)
    },
  })
  readonly #open = new Map<string, Open>()
  /** The report whose long lists are being read. */
  #listing: Open | null = null
  #apple: { readonly builder: AppleReportBuilder; idle: number } | null = null
  #json: { text: string; readonly at: Place } | null = null
  readonly #header = new HeaderMender()
  readonly #message = new WrappedMessage()
  readonly #trail = new SymptomTrail((finding) => this.#tell(finding))
  #remarks: string[] = []
  #atLine = 0
  /** A debugger stopped: lines before `until` are looked at, whatever they hold. */
  #stopped: { readonly header: BugHeader | null; readonly until: number } = { header: null, until: 0 }
  #raw = ''
  #previous = ''
  #last: { readonly source: string; readonly text: string } | null = null

  /** With `onFinding` each finding is handed over once it is whole, and none is kept. */
  constructor(onFinding?: (finding: Finding) => void) {
    this.#onFinding =
      onFinding ??
      ((finding) => {
        if (this.#findings.length < maxFindings) this.#findings.push(finding)
      })
  }

  push(chunk: Buffer): void {
    this.#splitter.push(chunk)
  }

  /** Closes what is open. Returns all findings in the order of their lines; empty where `onFinding` took them. */
  end(): readonly Finding[] {
    this.#splitter.end()
    this.#bare(this.#message.end())
    if (this.#last !== null) this.#open.get(this.#last.source)?.builder.take(this.#last.text, true)
    for (const source of this.#open.keys()) this.#closeReport(source, true)
    this.#closeApple(true)
    this.#closeJson()
    this.#trail.close()
    return this.#findings.sort((a, b) => a.atLine - b.atLine)
  }

  #line(raw: string, number: number): void {
    this.#atLine = number
    this.#raw = raw
    if (this.#json !== null) return this.#takeJson(raw)
    if (this.#listing !== null && this.#listing.builder.takeListed(raw)) return
    const line = this.#open.size > 0 ? stripAnsi(raw) : this.#message.take(stripAnsi(raw), this.#previous)
    if (line === null) return
    if (opensAppleJson(line)) {
      this.#json = { text: '', at: this.#here() }
      return
    }
    const tracked = readCrashtrackerReport(line, this.#here())
    if (tracked !== null) return this.#tell(tracked)
    const inJson = jsonLogLines(line)
    if (inJson === null) return this.#bare(line)
    for (const inner of inJson) this.#bare(inner)
  }

  #bare(line: string): void {
    const { source, text } = stripPrefix(line)
    if (text.trim() === '') return
    if (text.includes('[BUG]') || this.#header.torn) {
      const whole = this.#header.mend({ source, text }, this.#previous, this.#atLine)
      const header = findBugHeader(whole.text)
      if (header !== null) return this.#takeHeader(whole.source, header.header, header.exact)
    }
    if (this.#takeInReport(source, text)) return
    const left = text.trimStart()
    if (this.#apple !== null || opensAppleReport(left)) {
      if (this.#takeApple(left)) return
    }
    if (opensHeadless(text, this.#trail.followsAbort)) {
      this.#openReport(source, this.#atLine < this.#stopped.until ? this.#stopped.header : null)
      this.#takeInReport(source, text)
      return
    }
    if (text.includes('<OBJ_INFO:') && this.#remarks.length < 8) this.#remarks.push(text.trim().slice(0, 300))
    const stop = readGdbStop(text)
    if (stop !== null) this.#stopped = { header: stop, until: this.#atLine + linesToFrames }
    this.#trail.take(source, text, this.#here())
  }

  #takeHeader(source: string, header: BugHeader, exact: boolean): void {
    const open = this.#open.get(source)
    if (open !== undefined) {
      if (open.builder.header === null && open.builder.reversed) {
        open.builder.attachHeader(header)
        // Newest first: what stands above the header comes after it in the stream, a line or two at most.
        return this.#closeReport(source, false)
      }
      const early =
        open.builder.lastSection === null || ['log', 'control', 'ruby', 'threading', 'machine'].includes(open.builder.lastSection)
      if (open.builder.header !== null && early && open.idle === 0) {
        open.builder.interleaved = true
        if (!exact) return
        const other = new ReportBuilder(header, this.#here(), [])
        other.interleaved = true
        return this.#tell(other.finish(true))
      }
      this.#closeReport(source, true)
    }
    this.#trail.close()
    this.#openReport(source, header)
    if (!exact) this.#open.get(source)!.strangers = header.signal === null ? 2 : 1
  }

  #openReport(source: string, header: BugHeader | null): void {
    if (this.#open.size >= maxOpen) for (const oldest of [...this.#open.keys()].slice(0, 1)) this.#closeReport(oldest, true)
    this.#open.set(source, { builder: new ReportBuilder(header, this.#here(), this.#remarks), idle: 0, strangers: 0 })
    this.#remarks = []
  }

  #takeInReport(source: string, text: string): boolean {
    const key = this.#open.has(source) || source !== '' ? source : [...this.#open.keys()].at(-1)
    const open = key === undefined ? undefined : this.#open.get(key)
    if (open === undefined || key === undefined) return false
    this.#last = { source: key, text }
    if (text.includes('[BUG]')) open.builder.interleaved = true
    if (open.builder.take(text, false)) {
      this.#last = null
      open.idle = 0
      this.#listing = open.builder.lastSection === 'features' || open.builder.lastSection === 'map' ? open : null
      return true
    }
    open.idle += 1
    if (!open.builder.confirmed) open.strangers += 1
    const over = open.builder.lastSection === 'map' || open.idle > patience || (open.strangers > 3 && !open.builder.confirmed)
    if (over) this.#closeReport(key, false)
    return false
  }

  #closeReport(source: string, ended: boolean): void {
    const open = this.#open.get(source)
    if (open === undefined) return
    this.#open.delete(source)
    if (this.#listing === open) this.#listing = null
    if (!open.builder.confirmed && (open.strangers > (ended ? 1 : 0) || open.builder.header === null)) return
    if (!open.builder.empty && !open.builder.foreign) this.#tell(open.builder.finish(ended))
  }

  #takeApple(text: string): boolean {
    this.#apple ??= { builder: new AppleReportBuilder(this.#here()), idle: 0 }
    if (this.#apple.builder.take(text)) {
      this.#apple.idle = 0
      return true
    }
    this.#apple.idle += 1
    if (this.#apple.idle > patience) this.#closeApple(false)
    return false
  }

  #closeApple(ended: boolean): void {
    const report = this.#apple?.builder.finish(ended)
    this.#apple = null
    if (report !== undefined && (report.cFrames.length > 0 || report.header !== null)) this.#tell(report)
  }

  #takeJson(line: string): void {
    if (this.#json === null) return
    this.#json.text += `${line}\n`
    if (/^\}\s*$/.test(line) || this.#json.text.length > maxJsonUnits) this.#closeJson()
  }

  #closeJson(): void {
    const json = this.#json
    this.#json = null
    const report = json === null ? null : readAppleJsonReport(json.text, json.at)
    if (report !== null) return this.#tell(report)
    // Cut or not that form after all: read it as plain lines, which still finds the telling ones.
    for (const line of json?.text.split('\n') ?? []) this.#bare(line)
  }

  #here(): Place {
    return { atLine: this.#atLine, loggedAt: readTimestamp(this.#raw) }
  }

  /** Strings cut out of a decoded slice keep the whole slice alive; a copy through JSON doesn't. No path or message is longer than a page. */
  #tell(finding: Finding): void {
    this.#onFinding(
      JSON.parse(
        JSON.stringify(finding, (_, value: unknown) => (typeof value === 'string' ? value.slice(0, maxTextUnits) : value)),
      ) as Finding,
    )
  }
}
