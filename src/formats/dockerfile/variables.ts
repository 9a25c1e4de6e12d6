/** Values of `ARG` and `ENV` by name. */
export type Variables = Map<string, string>

const maxDepth = 10
/** Of one value, or one word. */
const maxCharacters = 8 * 1024
/** `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME:+word}`, and both without a colon; a backslash takes the `$` its meaning. */
const reference = /\\\$|\$(?:(\w+)|\{(\w+)(?:(:?)([-+])([^{}]*))?\})/g

/**
 * Puts variables in, as far as their values are known (Docker's "Dockerfile reference", "Environment replacement"); the rest stays as it is
 * written. A value may hold references itself: those of an `ARG` are put in when it is declared.
 */
export function expand(text: string, variables: Variables, depth = 0): string {
  if (depth > maxDepth || !text.includes('$')) return text
  let put = 0
  const full = text.replaceAll(reference, (all: string, plain?: string, braced?: string, colon = '', sign = '', word = '') => {
    if (all === '\\$') return '$'
    if (put > maxCharacters) return ''
    const value = variables.get(plain ?? braced ?? '')
    const isGiven = value !== undefined && (colon === '' || value !== '')
    const inner = () => expand(word, variables, depth + 1)
    const part = sign === '+' ? (isGiven ? inner() : '') : isGiven ? value : sign === '-' ? inner() : (value ?? all)
    put += part.length
    return part
  })
  return full.slice(0, maxCharacters)
}

/** Notes what an `ARG` or `ENV` declares. `outer`: arguments before the first `FROM`, which an `ARG` without a value takes over. */
export function declare(keyword: string, words: readonly string[], variables: Variables, outer: Variables): void {
  const [first = '', ...rest] = words
  if (keyword === 'ENV' && !first.includes('=')) variables.set(first, unquoted(expand(rest.join(' '), variables)))
  else
    for (const word of words) {
      const equals = word.indexOf('=')
      const name = equals === -1 ? word : word.slice(0, equals)
      const value = equals === -1 ? outer.get(name) : unquoted(expand(word.slice(equals + 1), variables))
      if (value !== undefined) variables.set(name, value)
    }
}

export function unquoted(word: string): string {
  return /^(["'])(.*)\1$/s.exec(word)?.[2] ?? word
}
