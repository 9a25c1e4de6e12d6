import type { AbortNote } from './crash-report.ts'

export type AbortLine = Pick<AbortNote, 'by' | 'message' | 'source' | 'function'>

/** glibc's own texts before `abort()` (malloc/malloc.c, debug/stack_chk_fail.c, debug/fortify_fail.c). */
const glibc =
  /^(?:(?:\*\*\* )?Error in (?:`[^']*'|[^`:]{1,200}): |\*\*\\?\* ?glibc detected \*\*\\?\*:? .*?: )?(?:double free or corruption(?: \([\w!]+\))?|(?:free|malloc|realloc|calloc|memalign|aligned_alloc|mremap_chunk|munmap_chunk|malloc_consolidate|malloc_trim|malloc_printerr|tcache_\w+)\(\): .+|corrupted (?:size vs\. prev_size|double-linked list|unsorted chunks)\b.*|break adjusted to free malloc space|invalid fastbin entry.*|sysmalloc: Assertion.*|Fatal glibc error: .*|\*\*\* (?:stack smashing|buffer overflow|%n in writable segment|longjmp causes uninitialized stack frame|bit out of range|invalid %N)\S*.* ?\*\*\*:.*)/

const assertion = /(?:^|\s)(?:([^\s:]+): )?([^\s:]+\.\w{1,5}):(\d+): (?:([^:]+?(?:\([^)]*\))?): )?Assertion [`'](.*)' failed/
/** `rb_assert_failure` (error.c): file, line, function, and the expression where Ruby was built with it. */
const rubyAssertion = /(?:^|\s)Assertion Failed: ([^\s:]+\.[ch]):(\d+):(\w+)/
const appleAssertion = /Assertion failed: \(?(.*?)\)?, function (\S+), file (\S+?), line (\d+)/
const muslAssertion = /Assertion failed: (.*?) \((\S+): (\S+): (\d+)\)/
const macMalloc = /malloc: (?:\*\*\* error for object 0x[0-9a-f]+: |Incorrect checksum for freed object|Heap corruption detected)/
/** Abseil's and gRPC's form: `F… file.cc:12] Check failed: …`. */
const check = /(?:^|\s)(\S+\.(?:c|cc|cpp|h|hpp)):\d+\] (?:(?:ASSERTION|assertion|Check|CHECK) failed|ASSERTION FAILED): /
/** glibc's own sources: its assertions tell of a damaged heap or a misused lock. */
const glibcSource = /(?:^|\/)(?:malloc|arena|hooks|tpp|pthread_\w+|dl-\w+|allocatestack)\.c$/
const cxx =
  /(?:terminate called (?:after throwing an instance of '([^']*)'|without an active exception|recursively)|libc\+\+abi(?:\.dylib)?: terminating.*|pure virtual method called)/
const panic = /(?:thread '[^']*'(?: \(\d+\))? )?panicked at (?:'(.*?)', )?(\S+?):(\d+)(?::\d+)?:?(.*)$/
const sanitizer =
  /(?:==\d+==)?\s*(?:ERROR|WARNING): ((?:Address|Leak|Memory|Thread|UndefinedBehavior|HWAddress)Sanitizer: .*)|^(AddressSanitizer: CHECK failed: .*)|^(\S+\.\w+:\d+:\d+: runtime error: .*)/

/** Reads the line by which something aborts a process; null for any other line. */
export function readAbortLine(text: string): AbortLine | null {
  const line = text.trim()
  const said = glibc.exec(line)
  if (said !== null) return { by: 'glibc', message: line.slice(0, 300), source: null, function: null }
  if (line.includes('ssertion')) {
    const linux = assertion.exec(line)
    if (linux !== null) {
      const by = glibcSource.test(linux[2] ?? '') ? 'glibc' : 'assertion'
      return { by, message: line.slice(0, 300), source: linux[2] ?? null, function: linux[4] ?? null }
    }
    const ruby = rubyAssertion.exec(line)
    if (ruby !== null) return { by: 'assertion', message: line.slice(0, 300), source: ruby[1] ?? null, function: ruby[3] ?? null }
    const apple = appleAssertion.exec(line)
    if (apple !== null) return { by: 'assertion', message: line.slice(0, 300), source: apple[3] ?? null, function: trimDot(apple[2]) }
    const musl = muslAssertion.exec(line)
    if (musl !== null) return { by: 'assertion', message: line.slice(0, 300), source: musl[2] ?? null, function: musl[3] ?? null }
  }
  const checked = / failed: | FAILED: /.test(line) ? check.exec(line) : null
  if (checked !== null) return { by: 'assertion', message: line.slice(0, 300), source: checked[1] ?? null, function: null }
  if (/^(?:# +Fatal error in |FATAL ERROR: .*JavaScript heap out of memory)/.test(line))
    return { by: 'v8', message: line.slice(0, 300), source: null, function: null }
  if (macMalloc.test(line)) return { by: 'macos-malloc', message: line.slice(0, 300), source: null, function: null }
  if (cxx.test(line)) return { by: 'c++', message: line.slice(0, 300), source: null, function: null }
  if (/\b[YZR]JIT has panicked/.test(line)) return { by: 'rust', message: line.slice(0, 300), source: null, function: null }
  const rust = line.includes('panicked at') ? panic.exec(line) : null
  if (rust !== null) return { by: 'rust', message: line.slice(0, 300), source: rust[2] ?? null, function: null }
  if (/Sanitizer: |runtime error: /.test(line)) {
    const found = sanitizer.exec(line)
    if (found !== null)
      return { by: 'sanitizer', message: (found[1] ?? found[2] ?? found[3] ?? line).slice(0, 300), source: null, function: null }
  }
  if (line.includes('when fork() was called') && /in progress in another thread/.test(line))
    return { by: 'objc-fork', message: line.slice(0, 300), source: null, function: null }
  if (line.includes('crashed on child side of fork pre-exec'))
    return { by: 'apple-fork', message: line.slice(0, 300), source: null, function: null }
  if (/^(?:\S+\/)?tcmalloc\.cc:\d+\] Attempt to free invalid pointer/.test(line))
    return { by: 'tcmalloc', message: line.slice(0, 300), source: null, function: null }
  if (line.startsWith('<jemalloc>: ')) return { by: 'jemalloc', message: line.slice(0, 300), source: null, function: null }
  return null
}

function trimDot(name: string | undefined): string | null {
  return name?.replace(/,$/, '') ?? null
}

const sanitizerFrame = /^\s*#\d+ 0x([0-9a-f]+) in (\S+)(?: (\S+))?(?: \((\S+?)\+0x([0-9a-f]+)\))?/

/** `    #1 0x7f… in m_use crashlab.c:40` or `… in m_use (/path/x.so+0x12)`. */
export function readSanitizerFrame(line: string) {
  const found = line.includes('#') ? sanitizerFrame.exec(line) : null
  if (found === null) return null
  const inParens = /^\((\S+?)\+0x[0-9a-f]+\)?$/.exec(found[3] ?? '')?.[1]
  const library = found[4] ?? inParens ?? null
  return {
    library,
    symbol: found[2] ?? null,
    offset: null,
    address: `0x${found[1] ?? ''}`,
    source: inParens === undefined ? (found[3] ?? null) : null,
  }
}
