import { styleText } from 'node:util'
import { pino } from 'pino'
import { toBoundedFields, type Fields } from './bounded-record.ts'
import type { Level } from './fact-sentences.ts'
import { toPrintable } from './printable.ts'

/** Turns what is logged into lines. */
export interface LogLines {
  /** `fields` belong to the message; a readable line shows only those that the message doesn't say: `extra`. */
  message(level: Level, message: string, fields: Fields, extra: Fields): void
  /** One line of a worker's output: written at every level. */
  output(worker: number, text: string): void
}

const levelRank: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Together with time and level they stay below a line of 4,096 bytes. */
const maxFieldBytes = 2_400
const maxMessageBytes = 1_400
const maxOutputBytes = 3_800

/** One JSON object a line: `time` (ISO 8601), `level` (its word), `msg`; then the fields. Made by pino. */
export function createJsonLines(level: Level, write: (line: string) => void): LogLines {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
  // What an app prints is not bezel's to leave out.
  const passing = logger.child({}, { level: 'info' })
  return {
    message: (level, message, fields) => {
      if (logger.isLevelEnabled(level)) logger[level](toBoundedFields(fields, maxFieldBytes), toJsonBytes(message, maxMessageBytes))
    },
    output: (worker, text) => {
      passing.info({ worker }, toJsonBytes(toPrintable(text, false), maxOutputBytes))
    },
  }
}

/** A line for eyes: time of day, level, message, `key=value`. */
export function createTextLines(level: Level, colour: boolean, now: () => Date, write: (line: string) => void): LogLines {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text
  const head = () => style('dim', toClock(now()))
  const levelStyle = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const
  return {
    message: (at, message, _fields, extra) => {
      if (levelRank[at] < levelRank[level]) return
      const bounded = Object.entries(toBoundedFields(extra, maxFieldBytes))
      const fields = bounded.map(([key, value]) => ` ${style('dim', `${key}=`)}${toPrintable(showField(value), false)}`).join('')
      write(`${head()} ${style(levelStyle[at], at.padEnd(5))} ${toPrintable(message.slice(0, maxMessageBytes), false)}${fields}`)
    },
    output: (worker, text) => {
      write(`${head()} ${style('cyan', `[${worker}]`.padEnd(5))} ${toPrintable(text.slice(0, maxOutputBytes), colour)}`.trimEnd())
    },
  }
}

function showField(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

/** The beginning of a text whose JSON has at most `maxBytes`. */
function toJsonBytes(text: string, maxBytes: number): string {
  // A UTF-16 unit becomes at most six bytes of JSON.
  if (text.length * 6 <= maxBytes) return text
  let end = Math.min(text.length, maxBytes)
  while (Buffer.byteLength(JSON.stringify(text.slice(0, end))) > maxBytes) end = Math.floor(end * 0.8)
  return end < text.length ? `${text.slice(0, end - 1)}…` : text
}

function toClock(date: Date): string {
  return date.toTimeString().slice(0, 8)
}
