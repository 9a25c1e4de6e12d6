import type { BugHeader, CFrame, FatalSignal } from './crash-report.ts'

/** A C++ or Rust name may be long; arguments are not kept. */
const maxFrameUnits = 6_000
const frame = /^#(\d+) +(?:0x([0-9a-f]+) in )?([^\s(].*?) \(/
const signal = /^#(\d+) +<signal handler called>/
const place = /(?:^|[\s)])(?:at (\S+:\d+)|from (\S+))\s*$/

export interface GdbFrame {
  /** 0 is where it stopped. */
  readonly number: number
  readonly frame: CFrame
}

const stopped = / received signal (SIG([A-Z]{3,4})\b.*)$/
const faults: Readonly<Record<string, FatalSignal>> = { SEGV: 'SEGV', BUS: 'BUS', ILL: 'ILL' }

/** `Program received signal SIGSEGV, Segmentation fault.` as the header of the backtrace that follows; null for any other line. */
export function readGdbStop(line: string): BugHeader | null {
  const found = stopped.exec(line)
  if (found?.[1] === undefined) return null
  return {
    message: `received signal ${found[1].slice(0, 200)}`,
    signal: faults[found[2] ?? ''] ?? null,
    address: null,
    file: null,
    line: null,
  }
}

/** `#3  0x00007f… in rb_rescue2 (b_proc=…) at eval.c:9`, ` from /lib/x.so`: gdb's `backtrace` (GDB manual, "Backtraces"). */
export function readGdbFrame(line: string): GdbFrame | null {
  const text = line.trim()
  if (!text.startsWith('#') || text.length > maxFrameUnits) return null
  const handler = signal.exec(text)?.[1]
  if (handler !== undefined) return { number: Number(handler), frame: toFrame('<signal handler called>', undefined, null) }
  const found = frame.exec(text)
  if (found === null) return null
  return { number: Number(found[1]), frame: toFrame(found[3], found[2], text) }
}

/** The frame with the place that stands in a line below it; null where the line holds none. */
export function continueGdbFrame(begun: CFrame, line: string): CFrame | null {
  if (begun.library !== null || begun.source !== null || !/^\s/.test(line)) return null
  const found = place.exec(line)
  return found === null ? null : { ...begun, source: found[1] ?? null, library: found[2]?.replaceAll('\\', '/') ?? null }
}

function toFrame(symbol: string | undefined, address: string | undefined, text: string | null): CFrame {
  const found = text === null ? null : place.exec(text)
  return {
    library: found?.[2]?.replaceAll('\\', '/') ?? null,
    symbol: symbol === undefined || symbol === '??' ? null : symbol,
    offset: null,
    address: address === undefined ? null : `0x${address.replace(/^0+(?=.)/, '')}`,
    source: found?.[1] ?? null,
  }
}
