import { findingRules, type FindingCode } from './findings.ts'

/** A cause of crashes and load failures, and the findings that show it before boot; or why none does. */
interface Cause {
  readonly cause: string
  readonly findings: readonly FindingCode[]
  readonly note: string
}

/** Causes that can be seen before Ruby boots, of those that public reports and our own experiments name. */
export const causesBeforeBoot: readonly Cause[] = [
  { cause: 'built for another Ruby, whose libruby is missing', findings: ['BUILT_FOR_OTHER_RUBY'], note: '' },
  { cause: 'built for another Ruby, whose libruby is there', findings: ['BUILT_FOR_OTHER_RUBY'], note: '' },
  { cause: 'built for a development version of Ruby', findings: ['ABI_VERSION_ABSENT'], note: '' },
  { cause: 'extensions not built for this Ruby', findings: ['EXTENSION_NOT_BUILT'], note: '' },
  { cause: 'the compiled file is gone', findings: ['EXTENSION_ABSENT'], note: '' },
  { cause: 'a precompiled gem without this minor', findings: ['PRECOMPILED_FOR_OTHERS'], note: '' },
  {
    cause: 'a precompiled gem that hides the first error behind its fallback',
    findings: ['PRECOMPILED_FOR_OTHERS', 'EXTENSION_UNREADABLE'],
    note: '',
  },
  { cause: 'glibc is too old', findings: ['LIBRARY_TOO_OLD'], note: '' },
  { cause: 'libstdc++, libcrypt or OpenSSL is too old', findings: ['LIBRARY_TOO_OLD'], note: '' },
  { cause: 'built for musl, runs on glibc', findings: ['LIBC_DIFFERS'], note: '' },
  { cause: 'built for glibc, runs on musl', findings: ['LIBC_DIFFERS'], note: '' },
  { cause: "Ruby's own loader is missing", findings: ['RUBY_BROKEN'], note: '' },
  { cause: 'another processor', findings: ['ARCHITECTURE_DIFFERS'], note: '' },
  { cause: '32 and 64 bit', findings: ['ARCHITECTURE_DIFFERS'], note: '' },
  { cause: 'Mach-O for another processor', findings: ['ARCHITECTURE_DIFFERS'], note: '' },
  { cause: 'a file of another system, or no library at all', findings: ['EXTENSION_NO_LIBRARY'], note: '' },
  { cause: 'an empty or cut file', findings: ['EXTENSION_TRUNCATED'], note: '' },
  { cause: 'a file system mounted noexec', findings: ['FOLDER_NOT_EXECUTABLE'], note: '' },
  { cause: 'an executable stack', findings: ['EXECUTABLE_STACK_REFUSED', 'EXECUTABLE_STACK'], note: '' },
  { cause: 'no Init function of its name', findings: ['INIT_ABSENT'], note: '' },
  { cause: 'a function that Ruby has removed', findings: ['RUBY_SYMBOL_ABSENT', 'BINDING_INCOMPLETE'], note: '' },
  { cause: 'a library older than at build time', findings: ['LIBRARY_SYMBOL_ABSENT'], note: '' },
  { cause: 'a library that is not installed', findings: ['LIBRARY_ABSENT'], note: '' },
  { cause: 'a library that moved to another major version', findings: ['LIBRARY_ABSENT'], note: '' },
  { cause: 'a Homebrew library that moved', findings: ['LIBRARY_ABSENT'], note: '' },
  { cause: 'Ruby itself can not start', findings: ['RUBY_BROKEN'], note: '' },
  { cause: 'a broken LD_PRELOAD', findings: ['PRELOAD_BROKEN'], note: '' },
  { cause: 'jemalloc comes in with an extension', findings: ['ALLOCATOR_LATE'], note: '' },
  {
    cause: 'jemalloc built for another page size',
    findings: [],
    note: 'the page size belongs to the kernel, the supported one stands in no field of the library; it dies at once and `bezel explain` names it',
  },
  { cause: 'a second libruby beside a static Ruby', findings: ['LIBRUBY_UNWANTED'], note: '' },
  { cause: 'two copies of libpq', findings: ['TWO_LIBRARIES'], note: '' },
  { cause: 'SQLite handles across a fork', findings: ['KNOWN_BAD_VERSION'], note: '' },
  { cause: 'pg 1.5.0 to 1.5.2: results and the garbage collector', findings: ['KNOWN_BAD_VERSION'], note: '' },
  { cause: 'old iodine: WebSocket frames, rb_cData', findings: ['KNOWN_BAD_VERSION'], note: '' },
  { cause: 'bcrypt 3.1.14 and 3.1.18: hashing without the interpreter lock', findings: ['KNOWN_BAD_VERSION'], note: '' },
  { cause: 'bcrypt before 3.1.12: two kinds of crypt', findings: ['KNOWN_BAD_VERSION'], note: '' },
  { cause: 'nio4r 2.5.3: allocation while marking', findings: ['KNOWN_BAD_VERSION'], note: '' },
  { cause: 'ffi before 1.17: missing write barriers', findings: ['KNOWN_BAD_VERSION'], note: '' },
  {
    cause: 'Process.warmup on Ruby 3.3.0 to 3.4.2',
    findings: [],
    note: 'it needs another fault that is there already, and whether the app calls it stands in its code, which is not run',
  },
  {
    cause: 'an extension that is not safe for Ractors',
    findings: [],
    note: 'it raises an exception in Ractors only, and says so; almost no web app has one',
  },
  { cause: 'Ruby 3.3.0 on arm64: Fibers', findings: ['KNOWN_BAD_VERSION'], note: '' },
  {
    cause: 'a Mutex or Logger in a signal handler',
    findings: [],
    note: 'it stands in Ruby code, in a form that only running it shows; bezel sends workers the signal that their own server handles',
  },
  {
    cause: 'seccomp refuses clone3',
    findings: [],
    note: 'it belongs to the container host, which can not be asked from inside; the first thread fails, and `bezel explain` names it',
  },
  { cause: 'malloc arenas swell memory', findings: [], note: 'not a crash; memory is watched while workers run' },
  { cause: 'transparent huge pages swell memory', findings: [], note: 'not a crash; memory is watched while workers run' },
]

/** `docs/findings.md`. */
export function findingsPage(): string {
  const rules = Object.entries(findingRules).map(
    ([code, { severity, means, example }]) => `### ${code}\n\n*${severity}.* ${means}\n\n    ${example}\n`,
  )
  const causes = causesBeforeBoot.map(
    ({ cause, findings, note }) => `| ${cause} | ${findings.length === 0 ? '—' : findings.join(', ')} | ${note} |`,
  )
  return `# Findings

<!-- Made from src/validation/findings.ts by its test: run "npx vitest run src/validation -u" after changing a finding. -->

What \`bezel doctor\` and the validation before every start can find. An *error* makes the app incompatible (exit code 78), a *warning* asks for a look, a *note* explains.
*Compatible* needs evidence for every extension; *unknown* is an honest verdict that warns and never blocks. One finding can be silenced for one gem, with a reason and a last day, under \`ignore:\` in \`bezel.yml\`.

${rules.join('\n')}
## Causes of crashes, and what shows them before boot

| cause | finding | why none |
| --- | --- | --- |
${causes.join('\n')}
`
}
