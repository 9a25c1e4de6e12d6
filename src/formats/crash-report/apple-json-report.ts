import type { CFrame, CrashReport, FatalSignal } from './crash-report.ts'
import { framesOnlyReport } from './frames-only-report.ts'
import type { Place } from './report-builder.ts'

type Json = Readonly<Record<string, unknown>>

/** Whether a line is the first of an `.ips` file (macOS 12 and later): one line of JSON that names the process. */
export function opensAppleJson(line: string): boolean {
  return line.startsWith('{') && /"(?:app_name|bug_type)"\s*:/.test(line) && /"(?:incident_id|os_version|timestamp)"\s*:/.test(line)
}

/** Reads the body of an `.ips` file; null where it is not whole or not of that form. Field names: Apple, "Interpreting the JSON format of a crash report". */
export function readAppleJsonReport(text: string, at: Place): CrashReport | null {
  const body = parse(text) ?? salvage(text)
  if (body === null) return null
  const images = list(body['usedImages']).filter(isObject)
  const crashed = list(body['threads'])
    .filter(isObject)
    .find((thread) => thread['triggered'] === true)
  const exception = isObject(body['exception']) ? body['exception'] : {}
  const signal = string(exception['signal'])
  const address = /at 0x([0-9a-f]+)/.exec(string(exception['subtype']) ?? '')?.[1]
  const frames: CFrame[] = list(crashed?.['frames'])
    .filter(isObject)
    .slice(0, 512)
    .map((frame) => toFrame(frame, images))
  return framesOnlyReport(
    {
      header: {
        message: `${string(exception['type']) ?? 'crash'} (${signal ?? 'no signal'})`,
        signal: toSignal(signal),
        address: address === undefined ? null : `0x${address.replace(/^0+(?=.)/, '')}`,
        file: null,
        line: null,
      },
      cFrames: frames,
      mappedFiles: images.flatMap((image) => toMappedFile(image)),
      remarks: remarksOf(body),
      format: 'apple',
    },
    at,
  )
}

function parse(text: string): Json | null {
  try {
    const body: unknown = JSON.parse(text)
    return isObject(body) ? body : null
  } catch {
    return null
  }
}

/** Of a body that is cut: the exception, the frames of the crashed thread and the images, as far as they go. */
function salvage(text: string): Json | null {
  const exception = /"exception"\s*:\s*(\{[^{}]*\})/.exec(text)?.[1]
  if (exception === undefined) return null
  const crashed = /"triggered"\s*:\s*true[^]*?"frames"\s*:\s*\[([^\]]*)/.exec(text)?.[1] ?? ''
  const images = /"usedImages"\s*:\s*\[([^\]]*)/.exec(text)?.[1] ?? ''
  const objects = (list: string): (Json | null)[] => [...list.matchAll(/\{[^{}]*\}/g)].map(([one]) => parse(one))
  return { exception: parse(exception), threads: [{ triggered: true, frames: objects(crashed) }], usedImages: objects(images) }
}

function toFrame(frame: Json, images: readonly Json[]): CFrame {
  const image = images[Number(frame['imageIndex'])]
  const line = frame['sourceLine']
  const file = string(frame['sourceFile'])
  return {
    library: image === undefined ? null : (string(image['path']) ?? string(image['name'])),
    symbol: string(frame['symbol']),
    offset: typeof frame['symbolLocation'] === 'number' ? `0x${frame['symbolLocation'].toString(16)}` : null,
    address: null,
    source: file === null ? null : `${file}:${typeof line === 'number' ? line : 0}`,
  }
}

function toMappedFile(image: Json): { path: string; ranges: { start: string; end: string }[] }[] {
  const path = string(image['path'])
  const base = image['base']
  const size = image['size']
  if (path === null || typeof base !== 'number' || typeof size !== 'number') return []
  const hex = (value: number): string => Math.trunc(value).toString(16).padStart(16, '0')
  return [{ path, ranges: [{ start: hex(base), end: hex(base + size) }] }]
}

function remarksOf(body: Json): string[] {
  const asi = isObject(body['asi']) ? Object.values(body['asi']).flatMap((lines) => list(lines)) : []
  const texts = asi.flatMap((line) => (typeof line === 'string' ? [line] : []))
  return texts.slice(0, 20).map((line) => line.trim().slice(0, 300))
}

function toSignal(signal: string | null): FatalSignal | null {
  if (signal === 'SIGSEGV') return 'SEGV'
  if (signal === 'SIGBUS') return 'BUS'
  return signal === 'SIGILL' ? 'ILL' : null
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function string(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
