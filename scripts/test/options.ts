import { parseArgs } from 'node:util'

export interface TestOptions {
  readonly help: boolean
  /** Typecheck, lint, format and dead code, before the tests. */
  readonly checks: boolean
  /** Only tests that need no child process, socket, database or Ruby. */
  readonly pureOnly: boolean
  /** The long form of the tests that have one. */
  readonly long: boolean
  /** A skipped test is a failure. */
  readonly strict: boolean
  /** Parts of file names; empty means all. */
  readonly patterns: readonly string[]
}

export const usage = `bin/test [--fast] [--long] [PATTERN…]

  PATTERN   only test files whose path contains it, and no other checks
  --fast    all checks, but only tests that need no child process, socket, database or Ruby
  --long    the long form of the tests that have one (a minute of deaths under load, instead of seconds)

With CI=true a skipped test is a failure. The last line is always "N passed, N failed, N skipped".
`

export function readOptions(argv: readonly string[], env: NodeJS.ProcessEnv): TestOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, fast: { type: 'boolean' }, long: { type: 'boolean' } },
  })
  return {
    help: values.help ?? false,
    checks: positionals.length === 0,
    pureOnly: values.fast ?? false,
    long: values.long ?? false,
    strict: env['CI'] === 'true',
    patterns: positionals,
  }
}
