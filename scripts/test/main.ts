import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { readOptions, usage, type TestOptions } from './options.ts'
import { runCommand } from './run-command.ts'
import { toTally, type Tally } from './tally.ts'

const checkDeadlineMs = 120_000
const testsDeadlineMs = 60 * 60_000

const checks = ['typecheck', 'lint', 'format:check', 'dead'] as const

/** Runs the static checks, one line each; returns how many failed. */
async function runChecks(): Promise<number> {
  let failed = 0
  for (const check of checks) {
    const { exitCode, output, tookMs } = await runCommand(['npm', 'run', '--silent', check], { show: false, deadlineMs: checkDeadlineMs })
    if (exitCode !== 0) {
      failed += 1
      process.stdout.write(output)
    }
    console.log(`${exitCode === 0 ? styleText('green', '✓') : styleText('red', '✗')} ${check} (${(tookMs / 1000).toFixed(1)} s)`)
  }
  return failed
}

async function runTests({ patterns, pureOnly, long }: TestOptions): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'bezel-test-'))
  try {
    const report = join(folder, 'report.json')
    const pure = pureOnly ? ['--exclude', '**/*.{proc,net,pg,ruby}.test.ts'] : []
    const { exitCode } = await runCommand(
      ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...pure, ...patterns],
      { show: true, deadlineMs: testsDeadlineMs, env: long ? { BEZEL_TEST_LONG: '1' } : {} },
    )
    return toTally(readReport(report), exitCode)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readReport(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

async function main(): Promise<number> {
  let options: TestOptions
  try {
    options = readOptions(process.argv.slice(2), process.env)
  } catch (error) {
    console.error(`bin/test: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 64
  }
  if (options.help) {
    process.stdout.write(usage)
    return 0
  }
  const failedChecks = options.checks ? await runChecks() : 0
  const tests = await runTests(options)
  for (const name of tests.skipped) console.log(`skipped: ${name}`)
  if (options.strict && tests.skipped.length > 0) console.log('CI=true: a skipped test is a failure.')

  const passed = tests.passed + (options.checks ? checks.length - failedChecks : 0)
  const failed = tests.failed + failedChecks
  console.log(`\n${passed} passed, ${failed} failed, ${tests.skipped.length} skipped`)
  return failed > 0 || (options.strict && tests.skipped.length > 0) ? 1 : 0
}

process.exitCode = await main()
