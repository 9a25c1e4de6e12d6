import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CrashReportReader } from '../../formats/crash-report/crash-report-reader.ts'
import { explain } from './explain.ts'
import type { Evidence } from './evidence.ts'
import type { Explanation } from './explanation.ts'

/** Faults that a C extension can have, one method each. `volatile` keeps the compiler from seeing through them. */
const source = `
#include <ruby.h>
#include <stdlib.h>
#include <string.h>
#undef NDEBUG
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/mman.h>
static int *volatile nowhere;
static __attribute__((noinline)) int field(int *p) { return p[4]; }
static VALUE m_null_pointer(VALUE s) { return INT2FIX(field((int *)nowhere)); }
static VALUE m_double_free(VALUE s) { char *volatile p = malloc(4000); char *volatile q = malloc(4000); free(p); free(p); free(q); return Qnil; }
static VALUE m_abort(VALUE s) { abort(); }
static VALUE m_assertion(VALUE s) { volatile int no = 0; assert(no && "mighty"); return Qnil; }
static VALUE m_bug(VALUE s) { rb_bug("mighty: cannot happen"); }
static VALUE m_raise(VALUE s) { raise(SIGBUS); return Qnil; }
static VALUE m_bus_error(VALUE s) {
  int fd = fileno(tmpfile());
  ftruncate(fd, 4096);
  volatile char *page = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
  ftruncate(fd, 0);
  return INT2FIX(page[8]);
}
static VALUE m_illegal(VALUE s) { if (nowhere == 0) __builtin_trap(); return Qnil; }
static int deeper(int n) { volatile char b[512]; b[0] = n; return deeper(n + 1) + b[0]; }
static VALUE m_deep(VALUE s) { return INT2FIX(deeper(0)); }
static VALUE m_bad_value(VALUE s) { return rb_funcall((VALUE)0x7008, rb_intern("to_s"), 0); }
#define METHOD(name) rb_define_singleton_method(m, #name, m_##name, 0)
void Init_mighty_ext(void) {
  VALUE m = rb_define_module("Mighty");
  METHOD(null_pointer); METHOD(double_free); METHOD(abort); METHOD(assertion); METHOD(bug); METHOD(bus_error); METHOD(raise); METHOD(illegal); METHOD(deep); METHOD(bad_value);
}
`

const root = mkdtempSync(join(tmpdir(), 'bezel-mighty-'))
const lib = join(root, 'bundle/ruby/gems/mighty-1.2.3/lib')
const canCompile = spawnSync('ruby', ['-rmkmf', '-e', '0'], { cwd: root }).status === 0

beforeAll(() => {
  if (!canCompile) return
  mkdirSync(lib, { recursive: true })
  writeFileSync(join(root, 'mighty.c'), source)
  writeFileSync(join(root, 'extconf.rb'), "require 'mkmf'\n$CFLAGS = '-O1 -g -w'\ncreate_makefile('mighty_ext')\n")
  for (const [command, args] of [
    ['ruby', ['extconf.rb']],
    ['make', ['-s']],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command}: ${stdout}${stderr}`)
  }
  copyFileSync(join(root, 'mighty_ext.so'), join(lib, 'mighty_ext.so'))
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
      const told = explainRuby('parent = $$; fork { Process.kill(:SEGV, parent) }; sleep')
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
