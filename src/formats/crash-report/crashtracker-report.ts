import type { CFrame, CrashReport, FatalSignal } from './crash-report.ts'
import { framesOnlyReport } from './frames-only-report.ts'
import type { Place } from './report-builder.ts'

type Json = Readonly<Record<string, unknown>>

const maxFrames = 512

/** Reads a crash as Datadog's crash tracker sends and logs it, one line of JSON; null for any other line, and for one that is cut. Field names: libdatadog, `libdd-crashtracker/src/crash_info`. */
export function readCrashtrackerReport(line: string, at: Place): CrashReport | null {
  if (!line.includes('"Datadog Crashtracker ')) return null
  const crash = parse(line.slice(Math.max(0, line.indexOf('{'))))
  const error = object(crash?.['error'])
  const frames = list(object(error?.['stack'])?.['frames'])
    .slice(0, maxFrames)
    .flatMap((frame) => toFrame(object(frame)))
  if (crash === null || error === null || frames.length === 0) return null
  const sent = object(crash['sig_info'])
  const name = string(sent?.['si_signo_human_readable']) ?? /SIG[A-Z]+/.exec(string(error['message']) ?? '')?.[0] ?? null
  return framesOnlyReport(
    {
      header: {
        message: string(error['message']) ?? name ?? 'crash',
        signal: toSignal(name),
        address: hex(sent?.['si_addr']),
        file: null,
        line: null,
      },
      cFrames: frames,
      format: 'ruby',
    },
    at,
  )
}

function toFrame(frame: Json | null): CFrame[] {
  if (frame === null) return []
  const file = string(frame['file'])
  const line = frame['line']
  const source = file === null ? null : typeof line === 'number' ? `${file}:${line}` : file
  return [{ library: string(frame['path']), symbol: string(frame['function']), offset: null, address: hex(frame['ip']), source }]
}

function toSignal(name: string | null): FatalSignal | null {
  const signals: Readonly<Record<string, FatalSignal>> = { SIGSEGV: 'SEGV', SIGBUS: 'BUS', SIGILL: 'ILL' }
  return name === null ? null : (signals[name] ?? null)
}

function hex(value: unknown): string | null {
  const digits = /^0x([0-9a-f]{1,16})$/i.exec(string(value) ?? '')?.[1]
  return digits === undefined ? null : `0x${digits.toLowerCase().replace(/^0+(?=.)/, '')}`
}

function parse(text: string): Json | null {
  try {
    return object(JSON.parse(text))
  } catch {
    return null
  }
}

function object(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function string(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
