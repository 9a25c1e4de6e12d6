import { StringDecoder } from 'node:string_decoder'
import { buildNeedleAutomaton, type NeedleAutomaton } from './needle-automaton.ts'
import { symptomNeedles } from './symptom-needles.ts'

/** Longest line kept, in bytes: a whole 37 KB report escaped into one JSON line fits several times; the rest of a longer line is dropped. */
export const maxLineBytes = 256 * 1024

/** As much of the line before as a broken path may need. */
const maxPreviousBytes = 512

/** Bytes worked on at once, so that memory stays bounded whatever a caller pushes. */
const sliceBytes = 64 * 1024
const newline = 10

type Encoding = 'utf8' | 'utf16le' | 'utf16be'

export interface LineListener {
  /** Whether every line is wanted now, not only those with a needle. Asked after each line. */
  attentive(): boolean
  /** A line without its ending; `number` counts all lines from 1. `previous` is the end of the line before, '' where it is gone. */
  line(text: string, number: number, previous: string): void
}

let automaton: NeedleAutomaton | null = null

/**
 * Cuts a byte stream into lines and hands on those that matter: a line without a needle is never decoded while nobody is attentive.
 * UTF-8 by default, UTF-16 by byte-order mark or by its zero bytes.
 */
export class LineSplitter {
  readonly #listener: LineListener
  readonly #automaton: NeedleAutomaton
  #encoding: Encoding | null = null
  #decoder: StringDecoder | null = null
  /** Odd byte of a big-endian pair that was cut. */
  #half = Buffer.alloc(0)
  /** Beginning of a line whose end has not come; at most `maxLineBytes`. */
  #carry: Buffer[] = []
  #carried = 0
  #number = 1
  #state = 0
  #found = false
  #previous = ''
  /** Number of the line whose end `#previous` is. */
  #previousNumber = 0

  constructor(listener: LineListener) {
    this.#listener = listener
    automaton ??= buildNeedleAutomaton(symptomNeedles)
    this.#automaton = automaton
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#encoding ??= guessEncoding(chunk)
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      const slice = chunk.subarray(at, at + sliceBytes)
      this.#bytes(this.#encoding === 'utf8' ? slice : Buffer.from(this.#decode(slice)))
    }
  }

  end(): void {
    if (this.#carried > 0) this.#finishLine(Buffer.alloc(0))
  }

  #decode(slice: Buffer): string {
    this.#decoder ??= new StringDecoder('utf16le')
    if (this.#encoding === 'utf16le') return this.#decoder.write(slice)
    const whole = Buffer.concat([this.#half, slice])
    const even = whole.length - (whole.length % 2)
    this.#half = whole.subarray(even)
    return this.#decoder.write(whole.subarray(0, even).swap16())
  }

  #bytes(bytes: Buffer): void {
    let start = 0
    while (start < bytes.length) {
      const known = this.#found || this.#carried >= maxLineBytes || this.#listener.attentive()
      if (!known) start = this.#skipLines(bytes, start)
      const end = start < bytes.length ? bytes.indexOf(newline, start) : -1
      if (end < 0) return this.#keep(bytes.subarray(start))
      if (this.#carried > 0) this.#finishLine(bytes.subarray(start, end))
      else this.#emit(bytes, start, end)
      start = end + 1
    }
  }

  /** Passes over whole lines without a needle; answers where the first line begins that has one, or whose end is not there. */
  #skipLines(bytes: Buffer, from: number): number {
    const { next, firstFound } = this.#automaton
    let state = this.#state
    let start = from
    let prior = -1
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0
      state = next[(state << 8) | byte] ?? 0
      if (state >= firstFound) {
        this.#found = true
        break
      }
      if (byte !== newline) continue
      // A line that began in an earlier slice is let go too.
      this.#carry = []
      this.#carried = 0
      this.#number += 1
      prior = start
      start = at + 1
    }
    if (this.#found && prior >= 0)
      this.#remember(bytes.toString('utf8', Math.max(prior, start - 1 - maxPreviousBytes), start - 1), this.#number - 1)
    this.#state = this.#found ? 0 : state
    return start
  }

  #remember(text: string, number: number): void {
    this.#previous = text.slice(-maxPreviousBytes)
    this.#previousNumber = number
  }

  #keep(rest: Buffer): void {
    const room = maxLineBytes - this.#carried
    if (room <= 0) return
    // A copy: the caller may use its memory again.
    this.#carry.push(Buffer.from(rest.subarray(0, room)))
    this.#carried += Math.min(rest.length, room)
  }

  #finishLine(rest: Buffer): void {
    this.#keep(rest)
    const whole = Buffer.concat(this.#carry)
    this.#carry = []
    this.#carried = 0
    this.#emit(whole, 0, whole.length)
  }

  #emit(bytes: Buffer, start: number, end: number): void {
    const wanted = this.#found || this.#listener.attentive()
    this.#found = false
    this.#state = 0
    const number = this.#number
    this.#number += 1
    if (!wanted) return
    const last = end > start && bytes[end - 1] === 13 ? end - 1 : end
    const text = bytes.toString('utf8', start, Math.min(last, start + maxLineBytes))
    const previous = this.#previousNumber === number - 1 ? this.#previous : ''
    this.#listener.line(number === 1 ? text.replace(/^\ufeff/, '') : text, number, previous)
    this.#remember(text, number)
  }
}

function guessEncoding(first: Buffer): Encoding {
  if (first[0] === 0xff && first[1] === 0xfe) return 'utf16le'
  if (first[0] === 0xfe && first[1] === 0xff) return 'utf16be'
  let even = 0
  let odd = 0
  const seen = Math.min(first.length, 256) & ~1
  for (let at = 0; at < seen; at += 2) {
    if (first[at] === 0) even += 1
    if (first[at + 1] === 0) odd += 1
  }
  // Mostly ASCII text in UTF-16 has a zero in nearly every pair, always on the same side.
  if (seen >= 16 && odd > seen * 0.35 && even < seen * 0.05) return 'utf16le'
  if (seen >= 16 && even > seen * 0.35 && odd < seen * 0.05) return 'utf16be'
  return 'utf8'
}
