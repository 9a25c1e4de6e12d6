import { expect, test } from 'vitest'
import { CrashReportReader } from './crash-report-reader.ts'
import { buildNeedleAutomaton } from './needle-automaton.ts'
import { symptomNeedles } from './symptom-needles.ts'

/** One line for each thing that a reader of this folder recognises. */
const lines = [
  '-e:1: [BUG] Segmentation fault at 0x0000000000000018',
  'libpq.so.5: cannot open shared object file: No such file or directory - /srv/gems/pg-1.5.3/lib/pg_ext.so (LoadError)',
  'incompatible library version - /srv/gems/pg-1.5.3/lib/pg_ext.so (LoadError)',
  'linked to incompatible /usr/lib/libruby-3.3.so.3.3 - /srv/gems/pg-1.5.3/lib/pg_ext.so (LoadError)',
  'incompatible ABI version of binary - /srv/gems/pg-1.5.3/lib/pg_ext.so (LoadError)',
  '/usr/bin/ruby3.1: symbol lookup error: /srv/gems/x-1.0/lib/x.so: undefined symbol: rb_cData',
  '/srv/gems/x-1.0/lib/x.so: undefined symbol: rb_cFixnum - /srv/gems/x-1.0/lib/x.so (LoadError)',
  '/srv/gems/x-1.0/lib/x.so: wrong ELF class: ELFCLASS32 - /srv/gems/x-1.0/lib/x.so (LoadError)',
  '/srv/gems/x-1.0/lib/x.so: invalid ELF header - /srv/gems/x-1.0/lib/x.so (LoadError)',
  '/srv/gems/x-1.0/lib/x.so: file too short - /srv/gems/x-1.0/lib/x.so (LoadError)',
  '/srv/gems/x-1.0/lib/x.so: cannot read file data: Is a directory',
  '/srv/gems/x-1.0/lib/x.so: cannot enable executable stack as shared object requires: Invalid argument',
  '/srv/gems/x-1.0/lib/x.so: failed to map segment from shared object',
  '/usr/lib/libjemalloc.so.2: cannot allocate memory in static TLS block - /srv/gems/x-1.0/lib/x.so (LoadError)',
  "/lib/libc.so.6: version `GLIBC_2.29' not found (required by /srv/gems/x-1.0/lib/x.so)",
  'Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /srv/gems/x-1.0/lib/x.so)',
  'Error relocating /srv/gems/x-1.0/lib/x.so: __memcpy_chk: symbol not found',
  '/usr/bin/ruby: error while loading shared libraries: libcrypt.so.1: cannot open shared object file: No such file or directory',
  "ERROR: ld.so: object '/usr/lib/libjemalloc.so.2' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.",
  'Ignoring pg-1.4.5 because its extensions are not built. Try: gem pristine pg --version 1.4.5',
  "Could not find 'pg' (= 1.4.5) - did find: [pg-1.4.5] (Gem::MissingSpecVersionError)",
  'cannot load such file -- pg_ext (LoadError)',
  'dlopen(/gems/pg-1.2.3/lib/pg_ext.bundle, 9): Library not loaded: /usr/local/opt/postgresql/lib/libpq.5.dylib',
  "dlopen(/gems/date-3.3.3/lib/date_core.bundle): (mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64'))",
  'dlopen(/gems/ffi-1.12.2/lib/ffi_c.bundle, 9): Symbol not found: _ffi_type_double (LoadError)',
  'uninitialized constant PG::IS_BINARY_GEM (NameError)',
  'exec /usr/local/bin/ruby: exec format error',
  'exec /usr/local/bin/ruby: no such file or directory',
  'Shared object "libyaml-0.so.2" not found, required by "psych.so" - /usr/lib/psych.so (LoadError)',
  "D:/x/date.rb:4:in `require': 127: The specified procedure could not be found.   - D:/gems/date-3.4.1/lib/date_core.so (LoadError)",
  'double free or corruption (fasttop)',
  'free(): invalid pointer',
  'malloc(): corrupted top size',
  'malloc_consolidate(): unaligned fastbin chunk detected',
  'munmap_chunk(): invalid pointer',
  'corrupted size vs. prev_size',
  '*** stack smashing detected ***: terminated',
  '*** buffer overflow detected ***: terminated',
  "*** Error in `ruby': double free or corruption (out): 0x00007f ***",
  '*** glibc detected *** ruby: double free or corruption (!prev): 0x0000000003977140 ***',
  'Fatal glibc error: malloc assertion failure in sysmalloc: (old_top)',
  "ruby: x.c:18: m_assert: Assertion `self == Qnil' failed.",
  "terminate called after throwing an instance of 'std::bad_alloc'",
  'libc++abi: terminating due to uncaught exception',
  "thread '<unnamed>' panicked at ./yjit/src/codegen.rs:1:2:",
  'ruby: YJIT has panicked. More info to follow...',
  '==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x1',
  'objc[1]: +[__NSCFConstantString initialize] may have been in progress in another thread when fork() was called.',
  'crashed on child side of fork pre-exec',
  'ruby(123,0x7fff) malloc: *** error for object 0x10: pointer being freed was not allocated',
  '<jemalloc>: Unsupported system page size',
  "a.rb:1:in `synchronize': can't be called from trap context (ThreadError)",
  "log writing failed. can't be called from trap context",
  "a.rb:1:in `f': stack level too deep (SystemStackError)",
  "a.rb:1:in `new': can't create Thread: Operation not permitted (ThreadError)",
  "a.rb:1:in `null': ractor unsafe method called from not main ractor (Ractor::UnsafeError)",
  '-e: failed to allocate memory (NoMemoryError)',
  '[FATAL] failed to allocate memory',
  "a.rb:1:in `exec': PQconsumeInput() SSL error: decryption failed or bad record mac (PG::ConnectionBad)",
  "a.rb:1:in `load_from_binary': invalid bytecode (RuntimeError)",
  'Segmentation fault (core dumped)',
  'Out of memory: Killed process 12 (ruby) total-vm:1kB',
  'ruby[12]: segfault at 10 ip 00007f sp 00007f error 4 in pg_ext.so[7f+1]'.replace('ruby[12]', 'kernel: ruby[12]'),
  'web-1 exited with code 139',
  'Main process exited, code=killed, status=9/KILL',
  'worker 3 killed by signal 11',
  'SIGSEGV: Process terminated with SI_KERNEL (SIGSEGV)',
  '[1]    48213 segmentation fault  bin/rails server',
  '[1]  + 74013 abort      sudo asmrepl',
  "a.rb:145:in `ffi_lib': Could not open library 'C:/gems/mill-2.4.0/ext/libmill.so': There are no more files. (LoadError)",
  '[12345.678901] ruby[12]: segfault at 10 ip 00007f sp 00007f error 4 in pg_ext.so[7f+1]',
  'traps: puma srv tp 003[12] general protection fault ip:7f sp:7f error:0 in libruby.so.3.2[7f+1]',
  'qemu: uncaught target signal 11 (Segmentation fault) - core dumped',
  '  Exit Code:    139',
  '  "ExitCode": 137,',
  '*** Error in ruby: double free or corruption (out): 0x00007f1f71041720 ***',
  'src/tcmalloc.cc:390] Attempt to free invalid pointer: 0x100208a60',
  'ruby(12,0x1fd) malloc: Incorrect checksum for freed object 0x7f: probably modified after being freed.',
  'F0000 00:00:00.123 12 src/core/lib/surface/call.cc:90] Check failed: call != nullptr',
  '#  Fatal error in , line 0',
  'Assertion Failed: ractor.c:1312:ractor_select:taken_basket.type == none',
  "dlopen(/g/x-1.0/lib/x_ext.bundle, 0x0009): symbol not found in flat namespace '_x_open' - /g/x-1.0/lib/x_ext.bundle (LoadError)",
  'dyld[12]: missing symbol called',
  'mill-1.13.0-x86_64-linux requires ruby version < 3.2.dev, >= 2.6, which is incompatible with the current version, ruby 3.2.0',
  'Could not find mill-1.18.2-x86_64-linux-musl in locally installed gems',
  "qemu-x86_64: Could not open '/lib64/ld-linux-x86-64.so.2': No such file or directory",
  'standard_init_linux.go:228: exec user process caused: no such file or directory',
]

test.each(lines)('finds what stands in: %s', (line) => {
  const reader = new CrashReportReader()
  reader.push(Buffer.from(`an ordinary line\n${line}\n`))
  expect(reader.end()).toHaveLength(1)
})

test('passes over an ordinary log without a finding', () => {
  const reader = new CrashReportReader()
  for (let at = 0; at < 1_000; at += 1)
    reader.push(Buffer.from(`2026-11-25T10:00:00Z INFO -- : Completed 200 OK in ${at}ms (Views: 0.2ms)\n`))
  expect(reader.end()).toEqual([])
})

test('needles hold no newline and are plain ASCII', () => {
  for (const needle of symptomNeedles) expect(needle).toMatch(/^[\x20-\x7e]{3,}$/)
})

test('the automaton finds a needle at any place, also one inside another', () => {
  const { next, firstFound } = buildNeedleAutomaton(['abcd', 'bc', 'xyz'])
  const finds = (text: string): boolean => {
    let state = 0
    for (const byte of Buffer.from(text)) {
      state = next[state * 256 + byte] ?? 0
      if (state >= firstFound) return true
    }
    return false
  }
  expect(['abcd', 'zzabx bc', 'aabcd', 'xxyz', 'axyz'].map(finds)).toEqual([true, true, true, true, true])
  expect(['abd', 'b\nc', 'xy', ''].map(finds)).toEqual([false, false, false, false])
})
