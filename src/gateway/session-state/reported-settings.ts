import { parameterStatus } from '../../formats/pgwire/server-messages.ts'

/** Reported, but not for a session to set. `session_authorization` and `is_superuser` follow from statements that are tracked. */
const notSettable: ReadonlySet<string> = new Set([
  'server_version',
  'server_encoding',
  'integer_datetimes',
  'in_hot_standby',
  'is_superuser',
  'session_authorization',
])

/** Client encodings in which a byte under 0x80 may be a part of a character (PostgreSQL manual, "Character Set Support"). */
const unreadableEncodings: ReadonlySet<string> = new Set(['SJIS', 'SHIFT_JIS_2004', 'BIG5', 'GBK', 'UHC', 'JOHAB', 'GB18030'])

/** What the server has reported by ParameterStatus: the truth about these settings. Shares its map until something changes. */
export class ReportedSettings {
  /** Of client_encoding: whether SQL text in it can be cut into tokens byte by byte. */
  readable = true
  standardStrings = true
  #atStart: ReadonlyMap<string, string>
  #now: ReadonlyMap<string, string>

  constructor(parameters: ReadonlyMap<string, string>) {
    this.#atStart = parameters
    this.#now = parameters
    this.#read()
  }

  get now(): ReadonlyMap<string, string> {
    return this.#now
  }

  /** Whether it is another value than before. */
  report(name: string, value: string): boolean {
    if (this.#now.get(name) === value) return false
    this.#now = new Map(this.#now).set(name, value)
    this.#read()
    return true
  }

  /** Settings that have changed and could be set again. */
  *changed(): Iterable<readonly [string, string]> {
    if (this.#now === this.#atStart) return
    for (const [name, value] of this.#now) if (this.#atStart.get(name) !== value && !notSettable.has(name)) yield [name, value]
  }

  /** Another connection reports these. Returns what a client has to be told. */
  move(parameters: ReadonlyMap<string, string>): Buffer {
    const differing = [...parameters].filter(([name, value]) => this.#now.get(name) !== value)
    this.#atStart = new Map(parameters)
    this.#now = this.#atStart
    this.#read()
    return Buffer.concat(differing.map(([name, value]) => parameterStatus(name, value)))
  }

  #read(): void {
    this.standardStrings = this.#now.get('standard_conforming_strings') !== 'off'
    this.readable = !unreadableEncodings.has(this.#now.get('client_encoding')?.toUpperCase() ?? '')
  }
}
