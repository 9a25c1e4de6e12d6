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

/** Forms by what the line begins with, so that a line of a report itself (`/lib/…`) costs one comparison. */
const forms = {
  digit: [
    // Kubernetes CRI, Docker, systemd short-iso, GitHub Actions.
    { form: /^\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?:?(?:\s|$)/, names: false },
    // foreman, overmind: `10:00:01 web.1  | `.
    { form: /^\d\d:\d\d:\d\d ([\w.-]+)\s+\| ?/, names: true },
    // docker build: seconds since the step began.
    { form: /^\d{1,5}\.\d{1,3}(?: |$)/, names: false },
  ],
  bracket: [
    { form: /^\[ [EWINDF]? ?\d{4}-[^\]]*\]: /, names: false },
    { form: /^\[\d{4}[-/]\d\d[-/]\d\d[T ][^\]]*\]:?(?:\s|$)/, names: false },
    // Cloud Foundry: `[APP/PROC/WEB/0] ERR `.
    { form: /^(\[(?:APP|RTR|STG)\/[\w/]+\]) (?:OUT|ERR) /, names: true },
    { form: /^\[(\d+)\] /, names: true },
    { form: /^\[(?!0x|BUG\]|FATAL\]|NOTE\]|IMPORTANT\])[^\]\n]{1,80}\]:? /, names: false },
  ],
  letter: [
    { form: /^(?:stdout|stderr)(?: [FP]|:| \|) /, names: false },
    // Docker Compose: `web-1  | `.
    { form: /^([\w.-]+)\s+\| ?/, names: true },
    // Heroku: `app[web.1]: `.
    { form: /^([\w.-]+\[[\w.:-]+\]): /, names: true },
    // syslog RFC 3164, journald: `Nov 25 10:00:34 host puma[123]: `.
    { form: /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:\S+ )?([\w./@-]+(?:\[\d+\])?): /, names: true },
    // Phusion Passenger.
    { form: /^(App \d+) (?:stdout|stderr|output): /, names: true },
    // Ruby's Logger, and plain levels.
    { form: /^[DIWEFA], \[[^\]]+\]\s+[A-Z]+ -- [^:]*: /, names: false },
    { form: /^(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL)(?: -- [^:]*)?: /, names: false },
  ],
  blank: [{ form: /^\s*\| ?/, names: false }],
  // syslog RFC 5424.
  angle: [{ form: /^<\d+>\d \S+ \S+ (\S+ \S+) \S+ \S+ /, names: true }],
  // docker build --progress=plain: `#12 0.490 `.
  hash: [{ form: /^#\d+ \d{1,5}\.\d{1,3}(?: |$)/, names: false }],
  quote: [{ form: /^> ?/, names: false }],
  other: [],
} as const satisfies Readonly<Record<string, readonly PrefixForm[]>>

function formsFor(first: number): readonly PrefixForm[] {
  if (first === 0x2f) return forms.other
  if (first >= 0x30 && first <= 0x39) return forms.digit
  if (first === 0x5b) return forms.bracket
  if ((first >= 0x41 && first <= 0x5a) || (first >= 0x61 && first <= 0x7a) || first === 0x5f) return forms.letter
  if (first === 0x20 || first === 0x09 || first === 0x7c) return forms.blank
  if (first === 0x3c) return forms.angle
  if (first === 0x23) return forms.hash
  return first === 0x3e ? forms.quote : forms.other
}

const timestamp = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/

/** The first timestamp in what stands before a line's own text: ISO 8601 or syslog's. */
export function readTimestamp(line: string): string | null {
  return timestamp.exec(line.length > 400 ? `${line.slice(0, 200)} ${line.slice(-200)}` : line)?.[0] ?? null
}

const jsonField = /"(?:log|message|msg|line|text|MESSAGE|textPayload)"\s*:\s*"/
/** `time=… level=error msg="…"` (logrus, lograge): quoted and escaped as JSON is. */
const logfmtField = /\s(?:msg|message|log|line|text)="/
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '', b: '', f: '' }
// eslint-friendly spelling of ESC: CSI and OSC sequences (ECMA-48).
const ansi = new RegExp(String.raw`\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007]*\u0007|[@-Z\\-_])`, 'g')

export function stripAnsi(line: string): string {
  return line.includes('\u001b') ? line.replace(ansi, '') : line
}

/** Takes off every known log prefix, several on top of each other included. */
export function stripPrefix(line: string): BareLine {
  // A whole log quoted with an indent; a report's own indented lines have no prefix behind it, and keep theirs.
  const quoted = /^[ \t]+(?=[A-Za-z\d[<#])/.exec(line)?.[0]
  if (quoted !== undefined) {
    const inner = stripPrefix(line.slice(quoted.length))
    if (inner.text.length < line.length - quoted.length) return inner
  }
  let text = line
  let source = ''
  for (let taken = 0; taken < 6; taken += 1) {
    const before = text.length
    for (const { form, names } of formsFor(text.charCodeAt(0))) {
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
 * The text inside a JSON or logfmt log line, as lines: Docker's json-file, structured loggers. Null where the line is neither.
 * Broken JSON (a report written raw into a string) gives what stands after the field's opening quote.
 */
export function jsonLogLines(line: string): readonly string[] | null {
  const field = /^\s*\{/.test(line) ? jsonField.exec(line) : /^[\w.]+=/.test(line) ? logfmtField.exec(line) : null
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
