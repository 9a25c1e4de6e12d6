/** A log line without what a log collector put before it. */
export interface BareLine {
  /** What names the writing process among others (`web.1`, `1234`), '' where nothing does. */
  readonly source: string
  readonly text: string
}

interface PrefixForm {
  readonly form: RegExp
  /** Whether group 1 tells processes apart; a timestamp doesn't. */
  readonly names: boolean
}

const forms: readonly PrefixForm[] = [
  // Kubernetes CRI, Docker, systemd short-iso, GitHub Actions, bracketed or not.
  { form: /^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?\]?:?(?:\s|$)/, names: false },
  { form: /^(?:stdout|stderr) [FP] /, names: false },
  // Docker Compose, foreman, overmind: `web-1  | `, `10:00:01 web.1  | `.
  { form: /^(?:\d\d:\d\d:\d\d )?([\w.-]+)\s+\| ?/, names: true },
  { form: /^\s*\| ?/, names: false },
  // Heroku, Cloud Foundry: `app[web.1]: `, `[APP/PROC/WEB/0] ERR `.
  { form: /^([\w.-]+\[[\w.:-]+\]): /, names: true },
  { form: /^(\[(?:APP|RTR|STG)\/[\w/]+\]) (?:OUT|ERR) /, names: true },
  // syslog RFC 3164 and 5424, journald: `Nov 25 10:00:34 host puma[123]: `.
  { form: /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ ([\w./@-]+(?:\[\d+\])?): /, names: true },
  { form: /^<\d+>\d \S+ \S+ (\S+ \S+) \S+ \S+ /, names: true },
  // Phusion Passenger.
  { form: /^(App \d+) (?:stdout|stderr|output): /, names: true },
  { form: /^\[ [EWINDF]? ?\d{4}-[^\]]*\]: /, names: false },
  // Ruby's Logger, log levels, tags.
  { form: /^[DIWEFA], \[[^\]]+\]\s+[A-Z]+ -- [^:]*: /, names: false },
  { form: /^(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL)(?: -- [^:]*)?: /, names: false },
  { form: /^(?:stderr|stdout)(?::| \|) /, names: false },
  { form: /^\[(\d+)\] /, names: true },
  { form: /^\[(?!0x|BUG\]|FATAL\]|NOTE\]|IMPORTANT\])[^\]\n]{1,80}\]:? /, names: false },
  { form: /^> ?/, names: false },
]

const timestamp = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/

/** The first timestamp in what stands before a line's own text: ISO 8601 or syslog's. */
export function readTimestamp(line: string): string | null {
  return timestamp.exec(line.length > 400 ? `${line.slice(0, 200)} ${line.slice(-200)}` : line)?.[0] ?? null
}

const jsonField = /"(?:log|message|msg|line|text|MESSAGE|textPayload)"\s*:\s*"/
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '', b: '', f: '' }
// eslint-friendly spelling of ESC: CSI and OSC sequences (ECMA-48).
const ansi = new RegExp(String.raw`\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007]*\u0007|[@-Z\\-_])`, 'g')

export function stripAnsi(line: string): string {
  return line.includes('\u001b') ? line.replace(ansi, '') : line
}

/** Takes off every known log prefix, several on top of each other included. */
export function stripPrefix(line: string): BareLine {
  let text = line
  let source = ''
  for (let taken = 0; taken < 6; taken += 1) {
    const before = text.length
    for (const { form, names } of forms) {
      const matched = form.exec(text)
      if (matched === null) continue
      text = text.slice(matched[0].length)
      if (names && matched[1] !== undefined) source = source === '' ? matched[1] : `${source} ${matched[1]}`
      break
    }
    if (text.length === before) break
  }
  return { source, text }
}

/**
 * The text inside a JSON log line, as lines: Docker's json-file, structured loggers. Null where the line is no JSON log line.
 * Broken JSON (a report written raw into a string) gives what stands after the field's opening quote.
 */
export function jsonLogLines(line: string): readonly string[] | null {
  if (!/^\s*\{/.test(line)) return null
  const field = jsonField.exec(line)
  if (field === null) return null
  const from = field.index + field[0].length
  let text = ''
  let at = from
  for (; at < line.length; at += 1) {
    const char = line[at]
    if (char === '"') break
    if (char !== '\\') {
      text += char
      continue
    }
    at += 1
    const escaped = line[at]
    if (escaped === 'u') {
      const code = Number.parseInt(line.slice(at + 1, at + 5), 16)
      text += Number.isNaN(code) ? '' : String.fromCharCode(code)
      at += 4
    } else text += escaped === undefined ? '' : (escapes[escaped] ?? escaped)
  }
  return text.split('\n')
}
