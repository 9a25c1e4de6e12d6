/** What an uncaught exception ends with is near the end of what was written, in bytes. */
const tailBytes = 65_536

/** `FILE:LINE:in 'METHOD': MESSAGE (Class)` at the start of a line, as Ruby ends a process with it (`eval_error.c`, `error.c`). */
const uncaught = /^(?:[^\s:][^:\n]*):\d+(?::in [`'][^\n]*?')?: ([^\n]{1,400}) \(((?:[A-Z]\w*::)*[A-Z]\w*)\)$/gm

/** The last exception that a process printed as Ruby does when nobody rescues it, `Class: message`; null: there is none. */
export function readUncaught(output: Buffer): string | null {
  const tail = output.subarray(Math.max(0, output.length - tailBytes)).toString('utf8')
  const [, message = '', className = ''] = [...tail.matchAll(uncaught)].at(-1) ?? []
  return className === '' ? null : `${className}: ${message}`
}
