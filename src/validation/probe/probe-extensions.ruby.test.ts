import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listProcesses, readEnvironment } from '../../system/proc-fs.ts'
import { probeExtensions } from './probe-extensions.ts'
import type { ProbePlan } from './run-probe.ts'

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
  daemon: 'if (fork() == 0) { setsid(); wait(Qnil); }',
  busy: 'for (volatile unsigned turns = 0;; turns += 1) ;',
  stuck: 'wait(Qnil);',
  leaver: 'exit(0);',
  shell: 'execl("/bin/sh", "sh", "-c", "exec sleep 1000", NULL);',
  greedy: 'memset(ALLOC_N(char, 10UL << 30), 1, 1);',
  chatty: 'for (int line = 0; line < 100000; line += 1) { puts("to standard output"); fputs("to standard error\\n", stderr); }',
  deaf: 'for (int signal_ = 1; signal_ < 32; signal_ += 1) signal(signal_, SIG_IGN);',
  killer: 'kill(getpid(), SIGKILL);',
  closer: 'for (int fd = 0; fd < 64; fd += 1) close(fd);',
  liar: 'dprintf(3, "ok 4000000000\\nstart 77\\nraised 9 LoadError none\\n");',
  once: 'if (access(getenv("ONCE"), F_OK) != 0) { fclose(fopen(getenv("ONCE"), "w")); kill(getpid(), SIGKILL); }',
}
type Name = keyof typeof inits

const source = (name: Name): string => `#include <ruby.h>
#include <unistd.h>
#include <signal.h>
#include <stdio.h>
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
  return probeWith({}, ...names)
}

function probeWith(given: Partial<ProbePlan>, ...names: readonly Name[]) {
  const { signal } = new AbortController()
  const limits = { timeoutMs: 60_000, memoryMb: 4_096, cpuSeconds: 30, bindNow: false, signal }
  const env = { PATH: process.env['PATH'] ?? '', ONCE: join(root, 'once') }
  return probeExtensions({ ...limits, ruby, files: names.map(file), loadPath: [root], env, ...given })
}

/** Processes that the probes of this test have become, or have left behind. */
function probesAlive(): number[] {
  return listProcesses().filter((pid) => readEnvironment(pid)?.get('ONCE') === join(root, 'once'))
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

  test('an extension that leaves a process behind, in a session of its own, is waited for no longer, and that process ends', async () => {
    expect(await probe('calm', 'daemon', 'quiet')).toEqual([])
    expect(probesAlive()).toEqual([])
  })

  test.each(['stuck', 'shell'] as const)(
    'an extension that does not come back (%s) is named, and so is a crashing one behind it',
    async (name) => {
      expect(await probeWith({ timeoutMs: 2_000 }, 'calm', name, 'first', 'second')).toMatchObject([
        { tag: 'Hung', file: file(name), spent: 'time' },
        { tag: 'Crashed', file: file('second'), after: [file('first')] },
      ])
    },
  )

  test('an extension that uses up its processor time is named as one that does not come back', async () => {
    expect(await probeWith({ cpuSeconds: 1 }, 'calm', 'busy', 'quiet')).toEqual([{ tag: 'Hung', file: file('busy'), spent: 'processor' }])
  })

  test.each([
    ['leaver', 'exit status 0'],
    ['killer', 'SIGKILL'],
    ['closer', 'exit status 1'],
  ] as const)('an extension that ends it (%s) is named', async (name, how) => {
    expect(await probe('calm', name, 'quiet')).toMatchObject([{ tag: 'Crashed', file: file(name), how, after: [] }])
  })

  test('an extension that asks for more memory than there may be is refused', async () => {
    expect(await probe('calm', 'greedy', 'quiet')).toMatchObject([{ tag: 'Refused', file: file('greedy'), error: 'NoMemoryError' }])
  })

  test('what an extension writes, also to the report itself, and how it takes signals, proves nothing against loading', async () => {
    expect(await probe('chatty', 'deaf', 'liar', 'quiet')).toEqual([])
  })

  test('a process that is killed once, and not again, is no proof against the file that it was loading', async () => {
    expect(await probe('calm', 'once', 'quiet')).toEqual([{ tag: 'NotRun', why: 'the process was ended from outside (SIGKILL)' }])
  })

  test('one that is stopped ends at once, with all that it started, and nothing is started any more', async () => {
    const stopping = new AbortController()
    const probed = probeWith({ signal: stopping.signal }, 'calm', 'daemon', 'stuck')
    setTimeout(() => stopping.abort(), 500)
    expect(await probed).toEqual([{ tag: 'NotRun', why: 'it was stopped' }])
    expect(await probeWith({ signal: stopping.signal }, 'killer')).toEqual([{ tag: 'NotRun', why: 'it was stopped' }])
    expect(probesAlive()).toEqual([])
  })
})
