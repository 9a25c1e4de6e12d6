/** One word of a POSIX shell's command line ("Shell Command Language", 2.2): in single quotes unless it can mean nothing but itself; `{socket}` does, in every shell. */
export function quoteWord(word: string): string {
  return /^([\w./@%+=:,-]|\{\w+\})+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
