import { BezelError, consequenceOf } from '../errors.ts'

/** Prints an error to standard error, what to do about it below; answers the exit code that follows from it. */
export function reportError(error: unknown): number {
  process.stderr.write(describeError(error, process.env['BEZEL_DEBUG'] !== undefined))
  return exitCodeOf(error)
}

export function exitCodeOf(error: unknown): number {
  return error instanceof BezelError ? (consequenceOf(error.code).exit ?? 70) : 70
}

export function describeError(error: unknown, debug: boolean): string {
  const stack = error instanceof Error && error.stack !== undefined ? `${error.stack}\n` : ''
  if (error instanceof BezelError) {
    const remedy = error.remedy.map((line) => `  try: ${line}\n`).join('')
    return `bezel: ${error.message}\n${remedy}${debug ? stack : ''}`
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const hint = '  This is a fault in bezel itself, not in your app. Please report it with what BEZEL_DEBUG=1 prints.\n'
  return `bezel: ${what}\n${debug ? stack : hint}`
}
