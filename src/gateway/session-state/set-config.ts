import { SqlLexer, token } from './sql-lexer.ts'

/** The arguments of a call of set_config, as far as they are constants. */
export interface SetConfig {
  /** Whether the setting ends with the transaction; null: not a constant. */
  readonly local: boolean | null
  /** Name of the setting, in lower case; null: not a constant. */
  readonly name: string | null
  /** Whether the value is a string constant. */
  readonly constant: boolean
  /** One past the closing bracket. */
  readonly end: number
}

const lexer = new SqlLexer()

/** Reads the arguments that begin at `from`, behind the opening bracket; null when the brackets don't close or the arguments aren't three. */
export function readSetConfig(bytes: Buffer, from: number, standardStrings: boolean): SetConfig | null {
  lexer.begin(bytes, from, bytes.length, standardStrings)
  const written: string[] = ['']
  const tokens: number[] = [0]
  for (let depth = 0; ;) {
    const kind = lexer.next()
    if (kind === token.End) return null
    if (kind === token.Other) {
      if (lexer.byte === 0x28 || lexer.byte === 0x5b) depth += 1
      else if (lexer.byte === 0x29 || lexer.byte === 0x5d) {
        if (depth === 0) break
        depth -= 1
      } else if (lexer.byte === 0x2c && depth === 0) {
        written.push('')
        tokens.push(0)
        continue
      }
    }
    tokens[tokens.length - 1]! += 1
    written[written.length - 1] = bytes.toString('latin1', lexer.start, lexer.end)
  }
  const argument = (at: number) => (tokens[at] === 1 ? written[at]! : '')
  if (tokens.length !== 3) return null
  const third = argument(2).toLowerCase()
  const name = plainString(argument(0), standardStrings)
  return {
    local: third === 'true' ? true : third === 'false' ? false : null,
    name: name === null ? null : name.toLowerCase(),
    constant: plainString(argument(1), standardStrings) !== null,
    end: lexer.end,
  }
}

/** The value of a `'…'` without escapes. */
function plainString(written: string, standardStrings: boolean): string | null {
  if (!written.startsWith("'") || !written.endsWith("'") || written.length < 2) return null
  return standardStrings || !written.includes('\\') ? written.slice(1, -1).replaceAll("''", "'") : null
}
