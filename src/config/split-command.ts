/**
 * The words of a command line, by the shell's quoting rules (POSIX, "Shell Command Language", 2.2) without any expansion:
 * no shell runs it. Null: empty, or a quote that never ends.
 */
export function splitCommand(line: string): readonly string[] | null {
  const words: string[] = []
  let word: string | null = null
  let quote: '"' | "'" | null = null
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index)
    if (quote !== null) {
      if (char === quote) quote = null
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(line.charAt(index + 1))) word = (word ?? '') + line.charAt(++index)
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (char === '\\') {
      if (index + 1 >= line.length) return null
      word = (word ?? '') + line.charAt(++index)
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + char
  }
  if (quote !== null) return null
  if (word !== null) words.push(word)
  return words.length > 0 && words[0] !== '' ? words : null
}
