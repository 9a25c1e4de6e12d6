/** One statement of a Gemfile, on one line and without comments. What a block holds are statements of their own. */
export interface Statement {
  readonly text: string
  /** Where it begins. */
  readonly line: number
}

const maxCharacters = 256 * 1024
/** No person writes longer ones; what is longer costs the square of its length. */
const maxLine = 1_000
const maxStatement = 2_000
const maxHeredocLines = 200
const closers: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
  ['<', '>'],
])
/** `<<~TEXT`, `<<-'TEXT'`, `<<TEXT`. */
const heredoc = /^<<(?:[~-](["'`]?)(\w+)\1|(["'`]?)([A-Z_]+)\3)/
const percent = /^%[qQwWiI]?([[({<|!/])/
/** What an expression is still missing. */
const unfinished = /(?:,|\\|&&|\|\||=>|=|\.|\+|\w:|\b(?:and|or|not))[ \t\r]*$/
/** Behind one of these `{` opens a hash, else a block. */
const beforeHash = /(?:^|[,([{=|&?:])[ \t]*$/
const tailCharacters = 40
/** No expression goes on like this: a quote or bracket was misread. */
const surelyNew = /^[ \t]*gem[ \t(]+["']/

/** Splits a Gemfile into statements, as far as its strings, brackets, heredocs and comments are plain. */
export function readStatements(source: string): Statement[] {
  const reader = new StatementReader()
  const lines = source.slice(0, maxCharacters).split('\n')
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (/^__END__\r?$/.test(line)) break
    if (line.startsWith('=begin')) while (index < lines.length && !/^=end\b/.test(lines[index] ?? '')) index += 1
    else
      for (const end of reader.take(line.slice(0, maxLine), index + 1)) {
        const length = lines.slice(index + 1, index + 1 + maxHeredocLines).findIndex((each) => each.trim() === end)
        index += length + 1
      }
  }
  return reader.finished()
}

class StatementReader {
  readonly #found: Statement[] = []
  /** Brackets that are open; `block`: braces that hold statements. */
  #brackets: ('bracket' | 'block')[] = []
  #open = ''
  #openedAt = 1

  /** Reads one line; answers the words that end the heredocs which begin in it. */
  take(line: string, number: number): readonly string[] {
    if (surelyNew.test(line) && this.#isNested()) {
      this.#finish(number)
      this.#brackets = []
    }
    if (this.#open === '') this.#openedAt = number
    const ends: string[] = []
    for (let at = 0; at < line.length && line[at] !== '#';) {
      const rest = line.slice(at)
      const before = this.#open.at(-1) ?? ''
      const marker = /[\w)\]]/.test(before) ? null : heredoc.exec(rest)
      const quoted = lengthOfString(rest, before)
      if (marker !== null) ends.push(marker[2] ?? marker[4] ?? '')
      if (marker !== null || quoted > 0) {
        this.#open += marker === null ? rest.slice(0, quoted) : '""'
        at += marker?.[0].length ?? quoted
      } else at += this.#takeCode(rest, before, number)
    }
    const isUnfinished = this.#isNested() || unfinished.test(this.#open.slice(-tailCharacters))
    if (isUnfinished && this.#open.length < maxStatement) this.#open = `${this.#open.replace(/\\[ \t\r]*$/, '')} `
    else this.#finish(number)
    return ends
  }

  finished(): Statement[] {
    this.#finish(this.#openedAt)
    return this.#found
  }

  /** One character, or a word that a statement ends with; answers its length. */
  #takeCode(rest: string, before: string, line: number): number {
    const [character = ''] = rest
    if (character === '(' || character === '[') this.#brackets.push('bracket')
    if (character === '{') this.#brackets.push(this.#isNested() || beforeHash.test(this.#open.slice(-tailCharacters)) ? 'bracket' : 'block')
    const closed = /[)\]}]/.test(character) ? this.#brackets.pop() : undefined
    const word = this.#isNested() || /[\w.:@$]/.test(before) ? undefined : /^(?:do|then|end)\b(?![?!:])/.exec(rest)?.[0]
    if (word === 'end' || closed === 'block') this.#finish(line)
    if (character === ';' && !this.#isNested()) {
      this.#finish(line)
      return 1
    }
    const opens = word === 'do' || word === 'then' || (character === '{' && !this.#isNested())
    const length = word?.length ?? 1
    const taken = opens ? length + (/^[ \t]*\|[^|]*\|/.exec(rest.slice(length))?.[0].length ?? 0) : length
    this.#open += rest.slice(0, taken)
    if (opens) this.#finish(line)
    return taken
  }

  #isNested(): boolean {
    return this.#brackets.at(-1) === 'bracket'
  }

  /** `line`: where the next one begins. */
  #finish(line: number): void {
    const text = this.#open.trim()
    if (text !== '') this.#found.push({ text, line: this.#openedAt })
    this.#open = ''
    this.#openedAt = line
  }
}

/** How much a string takes that begins here; one that its line does not end is none. */
function lengthOfString(rest: string, before: string): number {
  const [first = ''] = rest
  const listed = /[\w)\]]/.test(before) ? null : percent.exec(rest)
  if (first !== '"' && first !== "'" && first !== '`' && listed === null) return 0
  const opener = listed?.[1] ?? first
  const closer = closers.get(opener) ?? opener
  for (let at = listed?.[0].length ?? 1; at < rest.length; at += 1) {
    if (rest[at] === '\\') at += 1
    else if (rest[at] === closer) return at + 1
  }
  return 0
}
