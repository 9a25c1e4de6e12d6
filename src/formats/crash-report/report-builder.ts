import type { BugHeader, CFrame, CrashReport, MappedFile, RubyDescription, RubyFrame, SectionName } from './crash-report.ts'
import { ControlFrameReader } from './control-frame-reader.ts'
import { continueGdbFrame, readGdbFrame } from './gdb-frame.ts'
import {
  readAppleFrame,
  readCFrame,
  readDescription,
  readFeature,
  readMapping,
  readRegisters,
  readRubyFrame,
  readSectionTitle,
} from './report-lines.ts'
import { WrappedFrame } from './wrapped-frame.ts'

/** Most frames kept of each list: deep recursion prints tens of thousands of the same. */
const maxFrames = 1_000
const maxFeatures = 4_000
const maxFiles = 2_000
const maxRemarks = 20

/** Where in the log something begins. */
export type Place = Pick<CrashReport, 'atLine' | 'loggedAt'>

/** Features that tell a gem or a compiled file; the rest (hundreds of `.rb` of the standard library) only costs memory. */
const tellingFeature = /\/gems\/|\.(?:so|bundle|dylib)$/

/**
 * Collects one report from its lines. Lines are recognised by their own form, not only by the section they stand in, so that a report
 * without titles, cut at its beginning, double-spaced or printed newest line first still gives what it holds.
 */
export class ReportBuilder {
  header: BugHeader | null
  description: RubyDescription | null = null
  interleaved = false
  doubled = false
  readonly sections: SectionName[] = []
  readonly #remarks: string[] = []
  readonly #control = new ControlFrameReader()
  readonly #ruby: RubyFrame[] = []
  readonly #c: CFrame[] = []
  readonly #registers: Record<string, string> = {}
  readonly #features = new Set<string>()
  readonly #files = new Map<string, { start: string; end: string }[]>()
  #loadedScript: string | null = null
  #section: SectionName | null = null
  #descriptionBeforeHeader = false
  readonly #wrapped = new WrappedFrame()
  /** Frames that a debugger printed beside the report: only the first thread's count, and none beside Ruby's own. */
  #debugger: 'none' | 'reading' | 'over' = 'none'
  #dumped = false
  readonly #at: Place

  constructor(header: BugHeader | null, at: Place, remarks: readonly string[]) {
    this.header = header
    this.#at = at
    this.#remarks.push(...remarks)
  }

  /** Something beyond the header: the description, a section, a frame. */
  get confirmed(): boolean {
    return this.description !== null || this.sections.length > 0 || this.#control.frames.length > 0 || this.#c.length > 0
  }

  /** Only titles so far: a text about reports, not a report. */
  get empty(): boolean {
    const frames = this.#control.frames.length + this.#ruby.length + this.#c.length
    return this.header === null && this.description === null && frames === 0 && Object.keys(this.#registers).length === 0
  }

  /** A core dump of a process that is no Ruby. */
  get foreign(): boolean {
    const isRuby = ({ library, symbol }: CFrame): boolean => /ruby|\/gems\//.test(library ?? '') || /^(?:rb|ruby)_/.test(symbol ?? '')
    const told = this.header !== null && !this.header.message.startsWith('received signal ')
    return this.#dumped && !told && !this.#c.some((frame) => isRuby(frame))
  }

  /** Lines so far came newest first: frame numbers rise, or the end of a report stood before its beginning. */
  get reversed(): boolean {
    const first = this.#control.frames[0]
    const last = this.#control.frames.at(-1)
    if (first !== undefined && last !== undefined && first.depth !== last.depth) return first.depth < last.depth
    if (this.#descriptionBeforeHeader && this.sections.length > 0) return true
    const at = this.sections.indexOf('c')
    const before = ['control', 'ruby', 'machine'] as const
    return at >= 0 && before.some((name) => this.sections.indexOf(name) > at)
  }

  get lastSection(): SectionName | null {
    return this.#section
  }

  attachHeader(header: BugHeader): void {
    this.header = header
    this.#descriptionBeforeHeader = this.description !== null
  }

  /** Takes a line of the long lists (features, memory map) before anything else is asked of it: they are most of a report. */
  takeListed(line: string): boolean {
    if (this.#section === 'map') return line.charCodeAt(0) !== 0x7b && this.#takeMapping(line)
    return this.#section === 'features' && line.charCodeAt(0) === 0x20 && this.#takeFeature(line)
  }

  /** Takes a line of the report; false for a line that is none. */
  take(text: string, atEnd: boolean): boolean {
    if (this.#section === 'map' && this.#takeMapping(text)) return true
    if (this.#section === 'features' && this.#takeFeature(text)) return true
    const section = readSectionTitle(text)
    if (section !== null) {
      this.#dumped ||= text.includes('Stack trace of')
      // A dump shows every thread; the first is the one that died.
      this.#section = section === 'c' && this.#c.length > 0 ? 'other' : section
      if (!this.sections.includes(section)) this.sections.push(section)
      return true
    }
    if (this.#takeAddress(text)) return true
    return (
      this.#takeFrame(text, atEnd) ||
      this.#takeDescription(text) ||
      this.#takeRegisters(text) ||
      this.#takeRemark(text) ||
      this.#takeMapping(text)
    )
  }

  finish(ended: boolean): CrashReport {
    const cut = ended ? this.#wrapped.cut : null
    if (cut !== null) push(this.#c, cut)
    const reversed = this.reversed
    if (reversed) {
      this.#control.frames.reverse()
      this.#ruby.reverse()
      this.#c.reverse()
    }
    const mappedFiles: MappedFile[] = [...this.#files].map(([path, ranges]) => ({ path, ranges }))
    return {
      tag: 'CrashReport',
      header: this.header,
      description: this.description,
      controlFrames: this.#control.frames,
      rubyFrames: this.#ruby.toReversed(),
      cFrames: this.#c,
      registers: this.#registers,
      loadedScript: this.#loadedScript,
      features: [...this.#features],
      mappedFiles,
      sections: this.sections,
      remarks: this.#remarks,
      complete: !ended || this.sections.includes('map'),
      interleaved: this.interleaved,
      format: 'ruby',
      ...this.#at,
    }
  }

  #takeFrame(text: string, atEnd: boolean): boolean {
    if (this.#control.take(text)) return true
    if (this.#takeDebugged(text)) return true
    const ruby = this.#section === 'c' ? null : readRubyFrame(text)
    if (ruby !== null) return push(this.#ruby, ruby)
    if (this.#section === 'other' && text.trimStart().startsWith('#')) return true
    if (this.#section === 'c' && !atEnd) {
      const wrapped = this.#wrapped.take(text)
      if (wrapped !== null) return wrapped === 'held' || push(this.#c, wrapped)
    }
    const c =
      readCFrame(text, atEnd && this.#section === 'c') ?? (this.#section === 'c' || this.#section === null ? readAppleFrame(text) : null)
    return c === null ? false : push(this.#c, c)
  }

  #takeDebugged(text: string): boolean {
    const last = this.#c.at(-1)
    const placed = this.#debugger === 'reading' && last !== undefined ? continueGdbFrame(last, text) : null
    if (placed !== null) {
      this.#c[this.#c.length - 1] = placed
      return true
    }
    const found = readCFrame(text, false) === null ? readGdbFrame(text) : null
    if (found === null) return false
    if (this.#debugger === 'none') this.#debugger = this.#c.length === 0 ? 'reading' : 'over'
    else if (found.number === 0) this.#debugger = 'over'
    // Any program can be debugged.
    this.#dumped = true
    return this.#debugger === 'over' || push(this.#c, found.frame)
  }

  /** The fault address alone, where the header was broken before it. */
  #takeAddress(text: string): boolean {
    if (this.header === null || this.header.signal === null || this.header.address !== null || this.confirmed) return false
    const found = /^\s*0x([0-9a-f]{6,16})\s*$/.exec(text)?.[1]
    if (found === undefined) return false
    this.header = { ...this.header, address: `0x${found.replace(/^0+(?=.)/, '')}` }
    return true
  }

  #takeDescription(text: string): boolean {
    const found = readDescription(text)
    if (found === null) return false
    if (this.description === null) this.description = found
    else if (this.description.revision !== found.revision || this.description.version !== found.version) this.interleaved = true
    return true
  }

  #takeRegisters(text: string): boolean {
    const found = readRegisters(text)
    if (found === null || (this.#section !== 'machine' && found.length < 2)) return false
    for (const [name, value] of found) this.#registers[name] ??= value
    return true
  }

  #takeRemark(text: string): boolean {
    const script = /\* Loaded script: (.*)$/.exec(text)
    if (script !== null) {
      this.#loadedScript = script[1] ?? null
      return true
    }
    const telling = /SEGV received in|(?:BUS|ILL) received in|Crashed while printing bug report|<OBJ_INFO:|YJIT has panicked/.test(text)
    if (telling) {
      this.doubled ||= /received in|Crashed while/.test(text)
      if (this.#remarks.length < maxRemarks) this.#remarks.push(text.trim().slice(0, 300))
      return true
    }
    return /^-{5,}\s*$|^Total ractor count|^Ruby thread count|DiagnosticReports|^\s+for more details\.|^\[(?:NOTE|IMPORTANT)\]/.test(text)
  }

  #takeFeature(text: string): boolean {
    const feature = readFeature(text)
    if (feature === null) return false
    if (this.#features.size < maxFeatures && tellingFeature.test(feature)) this.#features.add(feature)
    return true
  }

  #takeMapping(text: string): boolean {
    const mapping = readMapping(text)
    if (mapping === null) return false
    if (!/^[/[~]/.test(mapping.path)) return true
    const ranges = this.#files.get(mapping.path)
    const last = ranges?.at(-1)
    if (ranges === undefined) {
      if (this.#files.size < maxFiles) this.#files.set(mapping.path, [{ start: mapping.start, end: mapping.end }])
    } else if (last !== undefined && last.end === mapping.start) last.end = mapping.end
    else if (ranges.length < 16) ranges.push({ start: mapping.start, end: mapping.end })
    return true
  }
}

function push<T>(list: T[], item: T): true {
  if (list.length < maxFrames) list.push(item)
  return true
}
