import type { LoadFailure, LoadFailureWhy, RubyFrame } from '../../formats/crash-report/crash-report.ts'
import { atMost, nobody, type Blame } from './blame.ts'
import type { TroubleKind } from './explanation.ts'
import { guessGem } from './frame-owner.ts'
import { baseName, gemOfPath, isCutPath, isGemName, readFullName } from './gem-path.ts'
import { gemOfLibrary, gemOfSymbol, isBridgeGem, isLoaderGem, isNativeGem, ownerOfFeature, ownerOfFile } from './known-owners.ts'

const kinds: Readonly<Record<LoadFailureWhy, TroubleKind>> = {
  'abi-mismatch': 'abi-mismatch',
  'abi-development': 'abi-mismatch',
  'libruby-missing': 'abi-mismatch',
  'library-missing': 'missing-library',
  'ruby-cannot-start': 'missing-library',
  'preload-failed': 'missing-library',
  'file-cannot-open': 'arch',
  'wrong-elf-class': 'arch',
  'wrong-architecture': 'arch',
  'invalid-elf-header': 'load-error',
  'libc-version': 'glibc',
  'musl-on-glibc': 'glibc',
  'glibc-on-musl': 'glibc',
  'interpreter-missing': 'glibc',
  'undefined-symbol': 'symbol-lookup',
  'init-missing': 'symbol-lookup',
  'file-too-short': 'load-error',
  'executable-stack': 'load-error',
  'not-mappable': 'load-error',
  'static-tls': 'load-error',
  'other-dlopen': 'load-error',
  'extensions-not-built': 'not-built',
  'ruby-refused': 'not-built',
  'no-such-file': 'load-error',
}

export interface LoadBlame extends Blame {
  readonly kind: TroubleKind
}

/** Names the gem whose file did not load, the library that is the matter, and the Ruby line that asked for it. */
export function blameLoadFailure(failure: LoadFailure): LoadBlame {
  const owner = ownerOf(failure)
  const gem = owner?.gem ?? null
  const told =
    owner === null
      ? failure.subject === null && failure.file === null
        ? 'unknown'
        : 'certain'
      : owner.sure
        ? 'certain'
        : owner.guessed === true
          ? 'suspected'
          : 'likely'
  const confidence = atMost(told, failure.file !== null && isCutPath(failure.file) ? 'suspected' : 'certain')
  const library = libraryOf(failure)
  const culprit =
    gem === null && library === null
      ? null
      : {
          ...nobody,
          gem,
          version: owner?.version ?? null,
          library,
          file: failure.file,
          function: failure.symbol,
          rubyLine: callingLine(failure.rubyFrames),
        }
  const named = owner === null ? [] : [owner.sure ? `the path of the file names ${gem ?? ''}` : `${owner.by} belongs to ${gem ?? ''}`]
  return { kind: kindOf(failure, gem), culprit, confidence, evidence: [`the loader said: ${failure.message}`, ...named], alternatives: [] }
}

function kindOf(failure: LoadFailure, gem: string | null): TroubleKind {
  if (failure.why === 'invalid-elf-header') return looksForeign(failure) ? 'arch' : 'load-error'
  if (failure.why === 'undefined-symbol' && isForGlibc(failure)) return 'glibc'
  if (failure.why !== 'no-such-file') return kinds[failure.why]
  // The gem holds the file, but for other Rubies.
  if (/\(Did you mean\?\s+\S*\d\.\d\/\S+\)$/.test(failure.message)) return 'not-built'
  const isCompiled =
    failure.subject !== null && (ownerOfFeature(failure.subject) !== null || /_ext$|_native$|(?:^|\/)\d\.\d\/|_c$/.test(failure.subject))
  // A precompiled gem requires its plain file only after the one for this Ruby failed: that first error is hidden.
  if (isCompiled) return maskedBy(failure) ? 'load-error' : 'not-built'
  return failure.subject === null && gem !== null && isNativeGem(gem) ? 'not-built' : 'load-error'
}

/** Whether the asker is a precompiled gem for Linux or macOS, and the file asked for is its fallback. */
export function maskedBy({ why, subject, rubyFrames }: LoadFailure): boolean {
  if (why !== 'no-such-file' || subject === null || /(?:^|\/)\d\.\d\//.test(subject)) return false
  const asked = ownerOfFeature(subject)?.gem
  return rubyFrames.some(({ file }) => {
    const found = gemOfPath(file)
    return found !== null && found.platform !== null && /linux|darwin/.test(found.platform) && (asked === undefined || found.gem === asked)
  })
}

/** musl's loader speaks, and the gem was precompiled for glibc: it misses whatever libruby would have brought. */
export function isForGlibc({ message, file }: LoadFailure): boolean {
  const platform = file === null ? null : gemOfPath(file)?.platform
  return /Error relocating/.test(message) && /linux(?!-musl)/.test(platform ?? '')
}

/** A file that its own path says is another system's: a Mac's or Windows' gem mounted into Linux. */
function looksForeign({ file, subject }: LoadFailure): boolean {
  const path = file ?? subject ?? ''
  const platform = gemOfPath(path)?.platform ?? ''
  return /darwin|mingw|mswin|java/.test(platform) || /darwin|mingw/.test(path)
}

interface FoundOwner {
  readonly gem: string
  readonly version: string | null
  readonly sure: boolean
  /** Only the file's own name suggests it. */
  readonly guessed?: true
  readonly by: string
}

function ownerOf(failure: LoadFailure): FoundOwner | null {
  const { file, subject, symbol, gem, rubyFrames, why } = failure
  const byFile = file === null || why === 'ruby-cannot-start' || why === 'interpreter-missing' ? null : ownerOfFile(file)
  if (byFile !== null && file !== null) return { ...byFile, sure: byFile.by === 'path', by: baseName(file) }
  if (gem !== null) {
    const { gem: name, version } = readFullName(gem)
    if (isGemName(name)) return { gem: name, version, sure: why === 'extensions-not-built', by: 'the message' }
  }
  if (why === 'ruby-cannot-start' || why === 'preload-failed' || why === 'interpreter-missing') return null
  const asked = why === 'no-such-file' && subject !== null ? ownerOfFeature(subject) : null
  const byFrame = gemOfFrames(rubyFrames, asked?.gem ?? null)
  if (asked !== null)
    return {
      gem: asked.gem,
      version: byFrame?.gem === asked.gem ? byFrame.version : null,
      sure: byFrame?.gem === asked.gem,
      by: subject ?? '',
    }
  if (byFrame !== null) return { ...byFrame, sure: false, by: 'the Ruby line that loaded it' }
  const byLibrary = (subject === null ? null : gemOfLibrary(baseName(subject))) ?? (file === null ? null : gemOfLibrary(baseName(file)))
  // ffi and fiddle both carry libffi.
  if (byLibrary !== null && !isBridgeGem(byLibrary)) return { gem: byLibrary, version: null, sure: false, by: subject ?? '' }
  const bySymbol = symbol === null || /^(?:rb_|ruby_|Init_)/.test(symbol) ? null : gemOfSymbol(symbol)
  if (bySymbol !== null) return { gem: bySymbol, version: null, sure: false, by: symbol ?? '' }
  const guessed = file === null ? null : guessGem(file)
  return guessed === null || file === null ? null : { gem: guessed, version: null, sure: false, guessed: true, by: baseName(file) }
}

/** The innermost gem that asked: RubyGems, Bundler and autoloaders stand in every such backtrace and are skipped. */
function gemOfFrames(frames: readonly RubyFrame[], wanted: string | null): { gem: string; version: string | null } | null {
  for (const { file } of frames) {
    const found = gemOfPath(file)
    // ffi opens libraries for others: whoever calls ffi_lib wants it.
    if (found === null || (wanted === null ? isLoaderGem(found.gem) || found.gem === 'ffi' : found.gem !== wanted)) continue
    return { gem: found.gem, version: found.version }
  }
  return null
}

function callingLine(frames: readonly RubyFrame[]): string | null {
  const asker = frames.find(
    ({ file, method }) =>
      !/^<internal:|\/rubygems\/|\/bundler\/|\/bootsnap-|\/zeitwerk-/.test(file) && !/^Kernel#require|^require(?:_relative)?$/.test(method),
  )
  return asker === undefined ? null : `${asker.file}:${asker.line}`
}

function libraryOf({ why, file, subject }: LoadFailure): string | null {
  if (['library-missing', 'libruby-missing', 'ruby-cannot-start', 'preload-failed'].includes(why) && subject !== null)
    return baseName(subject)
  if (why === 'libc-version') return subject?.startsWith('GLIBC_') === true ? 'libc.so.6' : subject
  if (why === 'no-such-file') return subject
  return file === null ? subject : baseName(file)
}
