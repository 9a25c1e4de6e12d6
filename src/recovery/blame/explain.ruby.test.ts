import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildMighty } from '../../../test/fixtures/mighty-gem/build-mighty.ts'
import { CrashReportReader } from '../../formats/crash-report/crash-report-reader.ts'
import { explain } from './explain.ts'
import type { Evidence } from './evidence.ts'
import type { Explanation } from './explanation.ts'

const root = mkdtempSync(join(tmpdir(), 'bezel-mighty-'))
const canCompile = spawnSync('ruby', ['-rmkmf', '-e', '0'], { cwd: root }).status === 0

let lib = ''
beforeAll(() => {
  if (canCompile) lib = buildMighty(root)
}, 180_000)

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs Ruby until it dies, and explains that as recovery does. */
function explainRuby(
  code: string,
  { wrapper = [], known = {} }: { wrapper?: readonly string[]; known?: Partial<Evidence> } = {},
): Explanation {
  const [command, ...args] = [...wrapper, 'ruby', '-I', lib, '-e', code]
  const { status, signal, stderr } = spawnSync(command ?? 'ruby', args, {
    cwd: root,
    timeout: 120_000,
    maxBuffer: 1 << 26,
    env: { PATH: process.env['PATH'], HOME: root },
  })
  const reader = new CrashReportReader()
  reader.push(stderr)
  return explain({ findings: reader.end(), exitStatus: { code: status, signal }, ...known })
}

const mighty = (method: string): string => `require "mighty_ext"; def work = Mighty.${method}; work`

describe.skipIf(!canCompile && process.env['CI'] === undefined)(
  'a fault provoked on the Ruby of this machine (needs its headers and a compiler)',
  () => {
    test.each([
      ['null_pointer', 'segfault', 'certain', 'field'],
      ['bus_error', 'segfault', 'certain', 'm_bus_error'],
      ['raise', 'segfault', 'certain', 'm_raise'],
      ['illegal', 'segfault', 'certain', 'm_illegal'],
      ['bug', 'abort', 'certain', 'm_bug'],
      ['bad_value', 'segfault', 'suspected', 'm_bad_value'],
    ])('%s in an extension names gem, version and function', (method, kind, confidence, symbol) => {
      const told = explainRuby(mighty(method))
      expect(told).toMatchObject({
        kind,
        confidence,
        culprit: { gem: 'mighty', version: '1.2.3', library: 'mighty_ext.so', function: symbol, rubyLine: '-e:1' },
      })
    })

    test('a double free is a damaged heap, which one death cannot pin on anybody', () => {
      expect(explainRuby(mighty('double_free'))).toMatchObject({ kind: 'abort', causeId: 'HEAP', confidence: 'unknown' })
    })

    test('an assertion names its source', () => {
      const told = explainRuby(mighty('assertion'))
      expect(told).toMatchObject({
        kind: 'abort',
        causeId: 'ASSERT',
        confidence: 'suspected',
        culprit: { gem: 'mighty', function: 'm_assertion' },
      })
    })

    test('abort() leaves only the signal', () => {
      expect(explainRuby(mighty('abort'))).toMatchObject({ kind: 'abort', causeId: 'ABORT-SILENT' })
    })

    test('a machine stack that overflows is an exception', () => {
      expect(explainRuby(mighty('deep'))).toMatchObject({ kind: 'other', causeId: 'STACK' })
    })

    test('a raw pointer through fiddle is fiddle, whether it faults there or in libc', () => {
      expect(explainRuby('require "fiddle"; Fiddle::Pointer.new(1)[0, 8]')).toMatchObject({
        causeId: 'FFI-CALLER',
        confidence: 'suspected',
        culprit: { gem: 'fiddle' },
      })
      expect(explainRuby('require "fiddle"; Fiddle::Pointer.new(1)[0] = 1')).toMatchObject({
        causeId: 'FFI-CALLER',
        confidence: 'certain',
        culprit: { gem: 'fiddle' },
      })
    })

    test('SIGKILL is a death without a word', () => {
      expect(explainRuby('Process.kill(:KILL, $$); sleep')).toMatchObject({ kind: 'oom', causeId: 'KILLED', culprit: null })
    })

    test('SIGSEGV that somebody sent is told from a fault', () => {
      const sleeps = 'File.read("/proc/#{parent}/stat")[/\\) (\\w)/, 1] == "S"'
      const told = explainRuby(`parent = $$; fork { sleep 0.01 until ${sleeps}; Process.kill(:SEGV, parent) }; sleep`)
      expect(told).toMatchObject({ causeId: 'EXTERNAL-SIGNAL', culprit: null })
    })

    test('a memory limit is named where it is known', () => {
      const told = explainRuby('a = []; loop { a << "x" * 1_000_000 }', {
        wrapper: ['prlimit', '--as=300000000'],
        known: { memoryLimit: 'RLIMIT_AS of 286 MB' },
      })
      expect(told).toMatchObject({ kind: 'oom', causeId: 'OUT-OF-MEMORY' })
    })

    test('a lock in a signal handler names the line', () => {
      const told = explainRuby('m = Mutex.new; trap(:TERM) { m.synchronize { } }; Process.kill(:TERM, $$); sleep 1')
      expect(told).toMatchObject({ kind: 'trap-context', causeId: 'TRAP', confidence: 'likely', culprit: { rubyLine: '-e:1' } })
    })

    test('a truncated extension is found while it is loaded', () => {
      const cut = join(root, 'cut')
      mkdirSync(join(cut, 'gems/cut-0.1.0/lib'), { recursive: true })
      writeFileSync(join(cut, 'gems/cut-0.1.0/lib/cut.so'), '')
      const told = explainRuby(`require "${cut}/gems/cut-0.1.0/lib/cut.so"`)
      expect(told).toMatchObject({
        kind: 'load-error',
        causeId: 'TRUNCATED',
        confidence: 'certain',
        culprit: { gem: 'cut', version: '0.1.0' },
      })
    })
  },
)
