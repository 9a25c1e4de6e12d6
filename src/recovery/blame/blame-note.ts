import type { AbortNote, CFrame, DeathNote, ExceptionNote, RubyFrame } from '../../formats/crash-report/crash-report.ts'
import { nobody, type Blame } from './blame.ts'
import type { TroubleKind } from './explanation.ts'
import { baseName, gemOfPath } from './gem-path.ts'
import { gemOfLibrary, gemOfSymbol, isLoaderGem, ownerOfFile } from './known-owners.ts'
import { ownerOfObject, rubysSources } from './frame-owner.ts'

export interface NoteBlame extends Blame {
  readonly kind: TroubleKind
}

const commonSources = /^(?:main|util|utils|common|init|ext|lib|mod|src|test|buffer|parser|alloc|memory|list|hash_?table)\.\w+$/

const interceptor = /^_*(?:(?:asan|tsan|msan|ubsan|hwasan|sanitizer|interceptor)(?:_|::)|wrap_)/

/** By the object that a frame lies in, else by the folder of its source. */
function ownerOfFrame({
  library,
  source,
}: CFrame): { readonly gem: string; readonly version: string | null; readonly path: string } | null {
  const object = library === null ? null : ownerOfObject(library)
  if (object?.tag === 'gem') return object
  const folder = source === null || library !== null ? null : gemOfPath(source)
  return folder === null ? null : { ...folder, path: source ?? '' }
}

export function blameAbort(note: AbortNote): NoteBlame {
  const kind: TroubleKind = note.by === 'objc-fork' || note.by === 'apple-fork' ? 'segfault' : 'abort'
  const said = `${note.by} said: ${note.message}`
  for (const frame of note.cFrames) {
    // A sanitizer's own functions stand on top, and its library may lie in some gem.
    if (interceptor.test(frame.symbol ?? '')) continue
    const owner = ownerOfFrame(frame)
    if (owner === null) continue
    const culprit = {
      ...nobody,
      gem: owner.gem,
      version: owner.version,
      library: /\.(?:so|bundle|dylib)/.test(owner.path) ? baseName(owner.path) : null,
      file: owner.path.replace(/:\d+(?::\d+)?$/, ''),
      function: frame.symbol,
    }
    return {
      kind,
      culprit,
      confidence: note.by === 'sanitizer' ? 'likely' : 'suspected',
      evidence: [said, `its backtrace passes through ${baseName(owner.path)}`],
      alternatives: [],
    }
  }
  const jit = note.by === 'rust' ? /\b([yzr]jit)\b/i.exec(`${note.source ?? ''} ${note.message}`)?.[1] : undefined
  if (jit !== undefined)
    return {
      kind,
      culprit: { ...nobody, library: jit.toUpperCase(), function: note.source },
      confidence: 'certain',
      evidence: [said, 'the panic is in Ruby’s own compiler'],
      alternatives: [],
    }
  const owner = note.by === 'glibc' ? null : ownerOfSource(note)
  if (owner !== null) return { kind, culprit: owner.culprit, confidence: owner.confidence, evidence: [said, owner.why], alternatives: [] }
  const heap = note.by === 'glibc' || note.by === 'macos-malloc'
  const evidence = heap
    ? [said, 'the allocator found the damage; who did it, and when, one death cannot tell: it strikes at another place each time']
    : [said]
  return { kind, culprit: null, confidence: 'unknown', evidence, alternatives: [] }
}

/** An assertion or panic names its source file: a gem's folder, a file known by name, or a file that bears the extension's name. */
function ownerOfSource(note: AbortNote): { culprit: Blame['culprit']; confidence: 'certain' | 'likely' | 'suspected'; why: string } | null {
  const source = note.source
  if (source === null) return null
  const placed = gemOfPath(source) ?? crateOf(source)
  if (placed !== null)
    return {
      culprit: { ...nobody, gem: placed.gem, version: placed.version, function: note.function },
      confidence: 'likely',
      why: `its source file lies in ${placed.gem}`,
    }
  const file = baseName(source)
  if (rubysSources.test(file))
    return {
      culprit: { ...nobody, library: 'ruby', function: note.function },
      confidence: 'suspected',
      why: `${file} is Ruby's own source`,
    }
  const bySymbol = note.function === null ? null : gemOfSymbol(note.function)
  const byFile = ownerOfFile(file.replace(/\.\w+$/, '.so')) ?? (/^pg_\w+\.c$/.test(file) ? { gem: 'pg', version: null } : null)
  const known = byFile?.gem ?? bySymbol
  if (known !== null && known !== undefined)
    return {
      culprit: { ...nobody, gem: known, function: note.function },
      confidence: 'likely',
      why: `${bySymbol === null ? file : (note.function ?? file)} is ${known}'s`,
    }
  if (commonSources.test(file) || note.by !== 'assertion') return null
  const name = file.replace(/\.\w+$/, '').replace(/_(?:ext|native)$/, '')
  return {
    culprit: { ...nobody, gem: name, function: note.function },
    confidence: 'suspected',
    why: `the source file is called ${file}; extensions are mostly named after it`,
  }
}

function crateOf(source: string): { gem: string; version: string | null } | null {
  const ext = /(?:^|\/)ext\/([\w-]+)\/src\//.exec(source)?.[1]
  return ext === undefined ? null : { gem: ext, version: null }
}

export function blameException(note: ExceptionNote): NoteBlame {
  const said = `${note.className}: ${note.message}`
  const top = note.rubyFrames[0]
  const rubyLine = lineOf(note.rubyFrames)
  const kind = kindOfException(note)
  if (note.className.startsWith('PG::') || (!note.className.startsWith('OpenSSL::') && libpqSays.test(note.message))) {
    const gem = gemOfClass(note.className) ?? 'pg'
    const culprit = { ...nobody, gem, version: versionIn(gem, note.rubyFrames), library: gem === 'pg' ? 'libpq' : null, rubyLine }
    return {
      kind,
      culprit,
      confidence: note.className.startsWith('PG::') ? 'certain' : 'likely',
      evidence: [said, `the exception is ${gem}'s`],
      alternatives: [],
    }
  }
  const byClass = gemOfClass(note.className) ?? gemOfClass(/constant ([A-Z]\w*::\w+)/.exec(note.message)?.[1] ?? '')
  if (byClass !== null)
    return {
      kind,
      culprit: { ...nobody, gem: byClass, version: versionIn(byClass, note.rubyFrames), rubyLine },
      confidence: 'likely',
      evidence: [said],
      alternatives: [],
    }
  // A C method has the position of its caller: two frames with one position, or a class-qualified name (Ruby 3.4).
  const isC = top !== undefined && note.rubyFrames[1]?.file === top.file && note.rubyFrames[1].line === top.line
  const receiver = top === undefined ? null : gemOfReceiver(top.method)
  if (receiver !== null && isC && (note.className === 'SystemStackError' || note.className === 'Ractor::UnsafeError'))
    return {
      kind,
      culprit: { ...nobody, gem: receiver, function: top.method, rubyLine },
      confidence: 'suspected',
      evidence: [said, `the innermost frame is the C method ${top.method}`],
      alternatives: [],
    }
  const inGem = gemOfFrames(note.rubyFrames)
  if (inGem !== null && kind !== 'oom' && !/can't create Thread/.test(note.message)) {
    const culprit = { ...nobody, gem: inGem.gem, version: inGem.version, rubyLine: `${inGem.file}:${inGem.line}` }
    return {
      kind,
      culprit,
      confidence: inGem.alone && (kind === 'trap-context' || inGem.first) ? 'likely' : 'suspected',
      evidence: [said, `the innermost code of a gem is ${inGem.gem}'s`],
      alternatives: [],
    }
  }
  const culprit = rubyLine === null ? null : { ...nobody, rubyLine }
  const alternatives = kind === 'abi-mismatch' ? [{ who: 'memory', why: 'a real shortage, or a limit on it, prints the same words' }] : []
  return {
    kind,
    culprit,
    confidence: kind === 'trap-context' && culprit !== null ? 'likely' : 'unknown',
    evidence: [said, ...(rubyLine === null ? [] : [`raised at ${rubyLine}, in the application`])],
    alternatives,
  }
}

function kindOfException({ className, message, rubyFrames }: ExceptionNote): TroubleKind {
  if (/trap context|log writing failed/.test(message)) return 'trap-context'
  if (message.includes('machine stack overflow')) return 'other'
  if (message.startsWith('[FATAL]') || /Cannot allocate memory/.test(message) || className === 'fatal') return 'oom'
  if (className !== 'NoMemoryError') return 'other'
  // Real shortage raises where Ruby code asks for much; a garbage length read through another Ruby's headers raises in a C method or at load.
  const top = rubyFrames[0]
  return top === undefined || /require|Init_/.test(top.method) ? 'abi-mismatch' : 'oom'
}

/** Sentences of libpq (fe-secure-openssl.c, fe-misc.c, fe-exec.c); OpenSSL’s own words alone are any connection’s. */
const libpqSays =
  /PQconsumeInput|SSL error: [^]*bad record mac|SSL SYSCALL|server closed the connection|SSL connection has been closed|arrived from server while idle/

const classOwners: readonly (readonly [RegExp, string])[] = [
  [/^PG::/, 'pg'],
  [/^Mysql2::/, 'mysql2'],
  [/^SQLite3::/, 'sqlite3'],
  [/^BCrypt::/, 'bcrypt'],
  [/^Redis/, 'redis'],
  [/^GRPC::/, 'grpc'],
  [/^Nokogiri::/, 'nokogiri'],
]

function gemOfClass(name: string): string | null {
  return classOwners.find(([form]) => form.test(name))?.[1] ?? null
}

const coreReceivers =
  /^(?:Kernel|Object|BasicObject|Array|Hash|String|Integer|Float|Proc|Method|Thread|Fiber|Enumerator|Enumerable|Range|Struct|Class|Module|IO|File|Dir|Process|Monitor|Mutex|Regexp|Symbol|Comparable|Marshal|ObjectSpace|GC|RubyVM|Set|Time|Random|Main|Exception)\b/

/** `CrashLab.recurse`, `Nokogiri::XML::Node#dup`: the outermost constant is mostly the gem's name. */
function gemOfReceiver(method: string): string | null {
  const constant = /^([A-Z]\w*)(?:::\w+)*[.#]/.exec(method)?.[1]
  return constant === undefined || coreReceivers.test(constant) ? null : constant.toLowerCase()
}

function gemOfFrames(
  frames: readonly RubyFrame[],
): { gem: string; version: string | null; file: string; line: number; first: boolean; alone: boolean } | null {
  const own = frames.filter(({ file }) => !isRubysOwn(file))
  const first = own[0]
  if (first === undefined) return null
  const found = gemOfPath(first.file)
  if (found === null || isLoaderGem(found.gem)) return null
  const alone = own.every(({ file }) => (gemOfPath(file)?.gem ?? found.gem) === found.gem)
  return { gem: found.gem, version: found.version, file: first.file, line: first.line, first: frames[0] === first, alone }
}

function isRubysOwn(file: string): boolean {
  return (
    file.startsWith('<internal:') ||
    (/\/lib\/ruby\/\d+\.\d+\.\d+\/|\/usr\/lib\/ruby\/(?:vendor_ruby\/)?/.test(file) && gemOfPath(file) === null)
  )
}

function lineOf(frames: readonly RubyFrame[]): string | null {
  const own = frames.find(({ file }) => !isRubysOwn(file))
  return own === undefined ? null : `${own.file}:${own.line}`
}

function versionIn(gem: string, frames: readonly RubyFrame[]): string | null {
  for (const { file } of frames) {
    const found = gemOfPath(file)
    if (found?.gem === gem) return found.version
  }
  return null
}

export function blameDeath(note: DeathNote): NoteBlame {
  const kind = kindOfSignal(note.signal)
  const said = `${note.outOfMemory ? 'the kernel' : 'the supervisor'} said: ${note.message}`
  const owner = note.library === null ? null : ownerOfFile(note.library)
  const gem = owner?.gem ?? (note.library === null ? null : gemOfLibrary(note.library))
  if (note.library !== null && gem !== null)
    return {
      kind,
      culprit: { ...nobody, gem, library: baseName(note.library) },
      confidence: 'likely',
      evidence: [said, `the fault was in ${note.library}`],
      alternatives: [],
    }
  return { kind, culprit: null, confidence: note.outOfMemory ? 'certain' : 'unknown', evidence: [said], alternatives: [] }
}

export function kindOfSignal(signal: string | null): TroubleKind {
  if (signal === 'SIGKILL') return 'oom'
  if (signal === 'SIGSEGV' || signal === 'SIGBUS' || signal === 'SIGILL') return 'segfault'
  // Ruby handles none of these: they end it as abort() does, without a report.
  return signal === 'SIGABRT' || signal === 'SIGFPE' || signal === 'SIGTRAP' || signal === 'SIGSYS' ? 'abort' : 'other'
}
