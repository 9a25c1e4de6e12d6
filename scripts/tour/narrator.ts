import { styleText } from 'node:util'

export interface Narrator {
  /** A new act begins. */
  act(title: string): void
  line(text: string): void
  /** A fact that speaks for itself: what, and how much. */
  figure(what: string, value: string): void
  good(text: string): void
  bad(text: string): void
}

export function createNarrator(stream: NodeJS.WriteStream): Narrator {
  const paint = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream })
  const line = (text: string) => void stream.write(`  ${text}\n`)
  return {
    act: (title) => void stream.write(`\n${paint('bold', title)}\n`),
    line,
    figure: (what, value) => line(`${what.padEnd(44)}${value}`),
    good: (text) => line(`${paint('green', '✓')} ${text}`),
    bad: (text) => line(`${paint('red', '✗')} ${text}`),
  }
}

/** `1,234` */
export function toCount(value: number): string {
  return value.toLocaleString('en-US')
}

/** `12.3 ms`, `1.23 s` */
export function toTime(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`
}

/** `12 ms median, 40 ms worst` */
export function toSpread(timesMs: readonly number[]): string {
  const sorted = [...timesMs].sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]
  const worst = sorted.at(-1)
  return median === undefined || worst === undefined ? 'never' : `${toTime(median)} median, ${toTime(worst)} worst`
}
