import { isSecretName, redact } from '../../redact.ts'

/** What a log line holds beside time, level and message. */
export type Fields = Readonly<Record<string, unknown>>

const steps: readonly Bounds[] = [
  { text: 2_000, entries: 50, depth: 5 },
  { text: 300, entries: 10, depth: 4 },
  { text: 80, entries: 3, depth: 2 },
]

interface Bounds {
  readonly text: number
  readonly entries: number
  readonly depth: number
}

/** Fields without secrets, cut until their JSON has at most `maxBytes`; what was cut carries `truncated: true`. */
export function toBoundedFields(fields: Fields, maxBytes: number): Fields {
  let cut = false
  for (const bounds of steps) {
    const bounded = toRecord(fields, bounds, () => {
      cut = true
    })
    const whole = cut ? { ...bounded, truncated: true } : bounded
    if (Buffer.byteLength(JSON.stringify(whole)) <= maxBytes) return whole
    cut = true
  }
  const { tag } = fields
  return typeof tag === 'string' ? { tag, truncated: true } : { truncated: true }
}

function toRecord(fields: Fields, bounds: Bounds, onCut: () => void): Record<string, unknown> {
  const entries = Object.entries(fields)
  if (entries.length > bounds.entries) onCut()
  return Object.fromEntries(
    entries
      .slice(0, bounds.entries)
      .map(([key, value]) => [key, isSecretName(key) && typeof value === 'string' ? '***' : toPlain(value, bounds, onCut)]),
  )
}

function toPlain(value: unknown, bounds: Bounds, onCut: () => void): unknown {
  if (typeof value === 'string') {
    if (value.length > bounds.text) onCut()
    return redact(value.slice(0, bounds.text))
  }
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return redact(value.message.slice(0, bounds.text))
  if (bounds.depth === 0) {
    onCut()
    return '…'
  }
  const inner = { ...bounds, depth: bounds.depth - 1 }
  if (!Array.isArray(value)) return toRecord({ ...value }, inner, onCut)
  if (value.length > bounds.entries) onCut()
  return value.slice(0, bounds.entries).map((entry) => toPlain(entry, inner, onCut))
}
