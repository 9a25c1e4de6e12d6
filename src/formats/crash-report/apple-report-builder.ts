import type { CFrame, CrashReport, FatalSignal, MappedFile } from './crash-report.ts'
import type { Place } from './report-builder.ts'
import { readAppleFrame } from './report-lines.ts'

const maxFrames = 512
const maxImages = 2_000

const opening = /^Thread \d+ Crashed:|^Exception Type: +EXC_|^Crashed Thread: +\d|^Termination Reason: |^Application Specific Information:/
const image = /^\s*0x([0-9a-f]+) - +0x([0-9a-f]+) \+?(\S.*?) (?:\S+ )?(?:\(\S*\) )?<[0-9A-Fa-f-]+> (\/.*)$/

/** Whether a line opens, or belongs to the head of, a report of Apple's CrashReporter in its text form. */
export function opensAppleReport(line: string): boolean {
  return opening.test(line)
}

/** Collects a report of Apple's CrashReporter (text form, up to macOS 11): the crashed thread and the images. */
export class AppleReportBuilder {
  readonly #frames: CFrame[] = []
  readonly #files: MappedFile[] = []
  readonly #remarks: string[] = []
  #message: string | null = null
  #signal: FatalSignal | null = null
  #address: string | null = null
  #reading: 'head' | 'crashed' | 'others' | 'images' = 'head'
  readonly #at: Place

  constructor(at: Place) {
    this.#at = at
  }

  take(line: string): boolean {
    if (/^Thread \d+ Crashed:/.test(line)) this.#reading = 'crashed'
    else if (/^Thread \d+(?:::|:| name)/.test(line)) this.#reading = 'others'
    else if (line.startsWith('Binary Images:')) this.#reading = 'images'
    else if (/^(?:Exception|Termination|Application|Crashed|VM Region|Process|Path|Code Type|OS Version)\b[^:]*:/.test(line))
      this.#takeHead(line)
    else if (this.#reading === 'images') return this.#takeImage(line)
    else return this.#takeFrame(line)
    return true
  }

  finish(ended: boolean): CrashReport {
    return {
      tag: 'CrashReport',
      header:
        this.#message === null ? null : { message: this.#message, signal: this.#signal, address: this.#address, file: null, line: null },
      description: null,
      controlFrames: [],
      rubyFrames: [],
      cFrames: this.#frames,
      registers: {},
      loadedScript: null,
      features: [],
      mappedFiles: this.#files,
      sections: this.#frames.length > 0 ? ['c'] : [],
      remarks: this.#remarks,
      complete: !ended,
      interleaved: false,
      format: 'apple',
      ...this.#at,
    }
  }

  #takeHead(line: string): void {
    const type = /^Exception Type: +(\S+)(?: \((SIG\w+)\))?/.exec(line)
    if (type !== null) {
      this.#message = `${type[1] ?? ''} (${type[2] ?? 'no signal'})`
      this.#signal = type[2] === 'SIGSEGV' ? 'SEGV' : type[2] === 'SIGBUS' ? 'BUS' : type[2] === 'SIGILL' ? 'ILL' : null
    }
    const address = /KERN_\w+ at 0x([0-9a-f]+)/.exec(line)
    if (address?.[1] !== undefined) this.#address = `0x${address[1].replace(/^0+(?=.)/, '')}`
    if (this.#remarks.length < 20) this.#remarks.push(line.trim().slice(0, 300))
  }

  #takeFrame(line: string): boolean {
    const frame = readAppleFrame(line)
    if (frame === null) {
      const telling = /fork|abort|objc|crashed/i.test(line)
      if (telling && this.#remarks.length < 20) this.#remarks.push(line.trim().slice(0, 300))
      return telling
    }
    if (this.#reading !== 'others' && this.#frames.length < maxFrames) this.#frames.push(frame)
    return true
  }

  #takeImage(line: string): boolean {
    const found = image.exec(line)
    if (found?.[1] === undefined || found[2] === undefined || found[4] === undefined) return false
    if (this.#files.length < maxImages)
      this.#files.push({ path: found[4], ranges: [{ start: found[1].padStart(16, '0'), end: found[2].padStart(16, '0') }] })
    return true
  }
}
