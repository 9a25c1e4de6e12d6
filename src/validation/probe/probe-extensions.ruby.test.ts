import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeExtensions } from './probe-extensions.ts'

/** `Init_NAME` of each extension, and what it may call. */
const inits = {
  calm: '',
  quiet: '',
  first: 'rb_define_global_const("FIRST_WAS_HERE", Qtrue);',
  second: 'if (rb_const_defined(rb_cObject, rb_intern("FIRST_WAS_HERE"))) fault(Qnil);',
  ending: 'rb_set_end_proc(fault, Qnil);',
  later: 'rb_set_end_proc(fault_beside_first, Qnil);',
  sleeper: 'rb_set_end_proc(wait, Qnil);',
  moody: 'rb_set_end_proc(raise_late, Qnil);',
  picky: 'rb_require("English"); if (!rb_const_defined(rb_cObject, rb_intern("ENGLISH_OF_THE_APP"))) fault(Qnil);',
}
type Name = keyof typeof inits

const source = (name: Name): string => `#include <ruby.h>
#include <unistd.h>
static __attribute__((noinline, unused)) void fault(VALUE nothing) { *(volatile int *)8 = 1; }
static __attribute__((unused)) void fault_beside_first(VALUE nothing) {
  if (rb_const_defined(rb_cObject, rb_intern("FIRST_WAS_HERE"))) fault(Qnil);
}
static __attribute__((unused)) void wait(VALUE nothing) { for (;;) pause(); }
static __attribute__((unused)) void raise_late(VALUE nothing) { rb_raise(rb_eRuntimeError, "late"); }
void Init_${name}(void) { ${inits[name]} }
`

let root = ''
let ruby = ''
const file = (name: Name): string => join(root, `${name}.so`)

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bezel-pairs-'))
  const config = 'puts RbConfig.ruby, RbConfig::CONFIG["rubyhdrdir"], RbConfig::CONFIG["rubyarchhdrdir"]'
  const [path = '', ...headers] = execFileSync('ruby', ['-rrbconfig', '-e', config], { encoding: 'utf8' }).trim().split('\n')
  ruby = path
  for (const name of Object.keys(inits) as Name[]) {
    writeFileSync(join(root, `${name}.c`), source(name))
    execFileSync('gcc', ['-shared', '-fPIC', '-w', ...headers.map((folder) => `-I${folder}`), '-o', file(name), join(root, `${name}.c`)])
  }
  writeFileSync(join(root, 'English.rb'), 'ENGLISH_OF_THE_APP = true\n')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function probe(...names: readonly Name[]) {
  const { signal } = new AbortController()
  const limits = { timeoutMs: 60_000, memoryMb: 4_096, cpuSeconds: 30, bindNow: false, signal }
  return probeExtensions({ ...limits, ruby, files: names.map(file), loadPath: [root], env: { PATH: process.env['PATH'] ?? '' } })
}

describe('a process that loads', () => {
  test('nothing but innocents has no problem', async () => {
    expect(await probe('calm', 'first', 'quiet')).toEqual([])
  })

  test('two extensions that only crash together names both', async () => {
    expect(await probe('calm', 'first', 'quiet', 'second')).toEqual([
      {
        tag: 'Crashed',
        file: file('second'),
        atExit: false,
        how: expect.stringMatching(/^SIG(?:SEGV|ABRT)$/),
        words: { message: expect.stringContaining('[BUG] Segmentation fault at 0x0000000000000008'), site: `fault of ${file('second')}` },
        after: [file('first')],
      },
    ])
  })

  test('an extension that crashes when all is loaded and the process ends names it, and goes on with the rest', async () => {
    expect(await probe('calm', 'ending', 'first', 'quiet', 'second')).toMatchObject([
      { tag: 'Crashed', file: file('second'), after: [file('first')], atExit: false },
      { tag: 'Crashed', file: file('ending'), after: [], atExit: true },
    ])
  })

  test('two extensions that only crash together when the process ends names both', async () => {
    expect(await probe('first', 'calm', 'later', 'quiet')).toMatchObject([
      { tag: 'Crashed', file: file('later'), after: [file('first')], atExit: true },
    ])
  })

  test('an extension that requires a Ruby file gets the one of the app, not the one that came with Ruby', async () => {
    expect(await probe('picky')).toEqual([])
  })

  test('what keeps the process from ending, or raises at its end, proves nothing against loading', async () => {
    expect(await probe('calm', 'sleeper', 'moody')).toEqual([])
  })
})
