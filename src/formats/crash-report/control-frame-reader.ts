import type { ControlFrame } from './crash-report.ts'
import { readControlFrame } from './report-lines.ts'

/** Most frames kept: deep recursion prints tens of thousands of the same. */
const maxFrames = 1_000

/** Collects the control frames of a report, also those that a collector, mail or a terminal tore. */
export class ControlFrameReader {
  readonly frames: ControlFrame[] = []
  #torn = ''
  /** The last frame's label goes on in the next line. */
  #openLabel = false

  /** Takes a line that is a control frame or a part of one. */
  take(text: string): boolean {
    if (this.#openLabel && this.#closeLabel(text)) return true
    const frame = readControlFrame(this.#mend(text))
    if (this.#torn !== '') return true
    if (frame === null) return false
    const { type, label } = frame
    this.#openLabel = type === 'CFUNC' ? label === '' : /^[A-Z]/.test(type) && type !== 'DUMMY' && !/:\d+$/.test(label)
    if (this.frames.length < maxFrames) this.frames.push(frame)
    return true
  }

  /** Puts the pieces of a frame together that a collector took for lines; `#torn` stays empty for a whole one. */
  #mend(text: string): string {
    const piece = text.trim()
    const whole = this.#torn === '' ? text : `${this.#torn} ${piece}`
    const isStart = /^c:\d{4,}(?: [pseE]:[-\da-f]+)*$/.test(piece)
    const isNext = this.#torn !== '' && /^[pseE]:[-\da-f]+(?: [seE]:[\da-f]+)*$/.test(piece)
    const isLast = this.#torn !== '' && /^(?:[pseE]:[-\da-f]+ )*(?:[A-Z]{3,}|\(none\)|-{6})/.test(piece)
    this.#torn = isStart ? piece : isNext ? whole : ''
    if (this.#torn !== '') return ''
    return isLast ? whole : text
  }

  /** Mail breaks `CFUNC` and `:name`, `METHOD` and its position over two lines, a terminal the path at its last column. */
  #closeLabel(text: string): boolean {
    this.#openLabel = false
    const last = this.frames.at(-1)
    const piece = text.trim()
    if (last === undefined || piece.startsWith('c:')) return false
    const label = last.type === 'CFUNC' ? (/^:\w\S*/.exec(piece)?.[0].slice(1) ?? null) : positionOf(last.label + piece)
    if (label === null) return false
    this.frames[this.frames.length - 1] = { ...last, label }
    return true
  }
}

/** `FILE:LINE` without what Ruby appends. */
function positionOf(label: string): string | null {
  return /^((?:\/|~\/|[A-Za-z]:\/|[\w.]+\/)\S*:\d+)(?: *\[FINISH\])?$/.exec(label)?.[1] ?? null
}
