import { BezelError } from '../errors.ts'
import { redact } from '../redact.ts'

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** `bezel.yml:3:10`, `--workers` or `BEZEL_WORKERS_COUNT`; null where no single place is wrong. */
  readonly place: string | null
  readonly message: string
}

const mostShown = 20

/** All problems of a configuration in one error, so that they can be mended in one go. */
export function toConfigError(problems: readonly Problem[]): BezelError {
  const lines = problems.slice(0, mostShown).map(({ place, message }) => (place === null ? message : `${place}: ${message}`))
  if (problems.length > mostShown) lines.push(`and ${problems.length - mostShown} more`)
  const message =
    lines.length === 1 ? `the configuration can't be used: ${lines[0]}` : ["the configuration can't be used:", ...lines].join('\n  ')
  return new BezelError('CONFIG_INVALID', message, { remedy: ['bezel run --help lists every option with its form'] })
}

/** A value as a message shows it: short, on one line, without passwords. */
export function showValue(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value))
  const line = redact(text).replace(/[\p{Cc}\p{Cf}]/gu, '?')
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}
