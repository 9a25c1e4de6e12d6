/** One answered request. Query strings are left out: they hold secrets. */
export interface AccessRecord {
  readonly wallMs: number
  readonly id: string
  readonly peer: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly bytes: number
  readonly tookMs: number
  /** 0 when no worker had it. */
  readonly worker: number
}

/** So that the line stays below 4096 bytes, whatever is escaped in it. */
const maxPath = 1_500

/** `text` begins as the readable lines of bezel's own log do: local time of day and level. */
export function accessLine(record: AccessRecord, format: 'json' | 'text'): string {
  const { wallMs, id, peer, method, status, bytes, worker } = record
  const path = record.path.length > maxPath ? `${record.path.slice(0, maxPath)}…` : record.path
  const tookMs = record.tookMs.toFixed(1)
  if (format === 'text')
    return `${clock(wallMs)} info  ${peer || 'local'} ${method} ${path} ${status} ${bytes}B ${tookMs}ms worker=${worker} id=${id}`
  const quoted = /["\\]/.test(path) ? JSON.stringify(path) : `"${path}"`
  return `{"time":"${isoTime(wallMs)}","kind":"access","id":"${id}","peer":"${peer}","method":"${method}","path":${quoted},"status":${status},"bytes":${bytes},"ms":${tookMs},"worker":${worker}}`
}

const isoPrefix = perSecond((date) => date.toISOString().slice(0, 20))
const clock = perSecond((date) => date.toTimeString().slice(0, 8))

function isoTime(wallMs: number): string {
  return `${isoPrefix(wallMs)}${String(Math.floor(wallMs) % 1_000).padStart(3, '0')}Z`
}

/** Making a date costs more than the rest of the line; the part above milliseconds changes once a second. */
function perSecond(show: (date: Date) => string): (wallMs: number) => string {
  let lastSecond = -1
  let shown = ''
  return (wallMs) => {
    const second = Math.floor(wallMs / 1_000)
    if (second !== lastSecond) {
      lastSecond = second
      shown = show(new Date(second * 1_000))
    }
    return shown
  }
}
