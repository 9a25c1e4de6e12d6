/** What a Ruby crash report says, as values. Section names and forms: Ruby's `vm_dump.c`, `error.c`, `signal.c` (2.7 to 4.0). */

/** ABRT has a report since Ruby 4.1 (signal.c, `sigabrt`). */
export type FatalSignal = 'SEGV' | 'BUS' | 'ILL' | 'ABRT'

/** `FILE:LINE: [BUG] MESSAGE`. */
export interface BugHeader {
  readonly message: string
  /** Null for `rb_bug()`: the message is then Ruby's or the extension's own. */
  readonly signal: FatalSignal | null
  /** Fault address, lower case hexadecimal without leading zeros (`0x18`); null where none is printed. */
  readonly address: string | null
  /** Where Ruby was: the *calling* file, often innocent. A `.so` while it is being required. */
  readonly file: string | null
  readonly line: number | null
}

/** `ruby 3.3.8 (2025-04-09 revision b200bad6cd) +YJIT [x86_64-linux]`. */
export interface RubyDescription {
  /** `3.3.8`, `3.4.0dev`. */
  readonly version: string
  readonly revision: string | null
  /** `YJIT`, `PRISM`, … without the plus sign. */
  readonly flags: readonly string[]
  readonly platform: string | null
}

/** `c:0004 p:---- s:0020 e:000019 CFUNC  :select`. */
export interface ControlFrame {
  readonly depth: number
  readonly type: string
  /** Method name for CFUNC, `file:line` otherwise; empty for a frame without a label. */
  readonly label: string
}

/** A line of a Ruby backtrace. */
export interface RubyFrame {
  readonly file: string
  readonly line: number
  readonly method: string
}

/** `LIBRARY(SYMBOL+0xOFF) [0xADDR] FILE:LINE`; each part may be missing. */
export interface CFrame {
  readonly library: string | null
  readonly symbol: string | null
  readonly offset: string | null
  readonly address: string | null
  /** `file.c:12` of the debug information. */
  readonly source: string | null
}

/** One file of the memory map with the address ranges it covers (16 hexadecimal digits each, so that strings compare as numbers). */
export interface MappedFile {
  readonly path: string
  readonly ranges: readonly { readonly start: string; readonly end: string }[]
}

export type SectionName = 'log' | 'control' | 'ruby' | 'threading' | 'machine' | 'c' | 'other' | 'features' | 'map'

export interface CrashReport {
  readonly tag: 'CrashReport'
  /** Null when the beginning is lost. */
  readonly header: BugHeader | null
  readonly description: RubyDescription | null
  /** Newest first, as Ruby prints them. */
  readonly controlFrames: readonly ControlFrame[]
  /** Newest first (Ruby prints them oldest first). */
  readonly rubyFrames: readonly RubyFrame[]
  /** Newest first. */
  readonly cFrames: readonly CFrame[]
  /** Upper-case name to lower-case hexadecimal value without leading zeros. */
  readonly registers: Readonly<Record<string, string>>
  readonly loadedScript: string | null
  readonly features: readonly string[]
  readonly mappedFiles: readonly MappedFile[]
  readonly sections: readonly SectionName[]
  /** Lines of no section that stood just before or inside: object dumps, double faults, text of bug reporters. */
  readonly remarks: readonly string[]
  /** Where it stopped early, by Ruby itself or by a cut log. */
  readonly complete: boolean
  /** Another process wrote into the same lines: frames may belong to either. */
  readonly interleaved: boolean
  /** `ruby` for Ruby's own report, `apple` for the system's. */
  readonly format: 'ruby' | 'apple'
  /** Number of the first line, from 1. */
  readonly atLine: number
  /** Timestamp of that line as the log has it; null where lines have none. */
  readonly loggedAt: string | null
}

export type LoadFailureWhy =
  | 'abi-mismatch'
  | 'abi-development'
  | 'libruby-missing'
  | 'library-missing'
  | 'file-cannot-open'
  | 'wrong-elf-class'
  | 'invalid-elf-header'
  | 'wrong-architecture'
  | 'libc-version'
  | 'musl-on-glibc'
  | 'glibc-on-musl'
  | 'interpreter-missing'
  | 'undefined-symbol'
  | 'file-too-short'
  | 'executable-stack'
  | 'not-mappable'
  | 'static-tls'
  | 'init-missing'
  | 'extensions-not-built'
  | 'ruby-refused'
  | 'no-such-file'
  | 'ruby-cannot-start'
  | 'preload-failed'
  | 'other-dlopen'

/** Something that could not be loaded: an extension, a library, Ruby itself. */
export interface LoadFailure {
  readonly tag: 'LoadFailure'
  readonly why: LoadFailureWhy
  readonly message: string
  /** The extension (or executable) that was to be loaded, as named in the message. */
  readonly file: string | null
  /** The library, version node or feature that is the matter: `libpq.so.5`, `GLIBC_2.28`, `pg_ext`. */
  readonly subject: string | null
  /** Undefined symbol. */
  readonly symbol: string | null
  /** Gem named by RubyGems or Bundler itself, as `name` or `name-version`. */
  readonly gem: string | null
  /** Newest first. */
  readonly rubyFrames: readonly RubyFrame[]
  readonly atLine: number
  readonly loggedAt: string | null
}

/** A death by abort that Ruby does not report: glibc, an assertion, C++, Rust, a sanitizer, the Objective-C runtime. */
export interface AbortNote {
  readonly tag: 'AbortNote'
  readonly by:
    | 'glibc'
    | 'macos-malloc'
    | 'assertion'
    | 'c++'
    | 'rust'
    | 'sanitizer'
    | 'objc-fork'
    | 'apple-fork'
    | 'jemalloc'
    | 'tcmalloc'
    | 'v8'
  readonly message: string
  /** `file.c` of an assertion or panic. */
  readonly source: string | null
  readonly function: string | null
  /** Stack frames that a sanitizer prints, newest first. */
  readonly cFrames: readonly CFrame[]
  readonly atLine: number
  readonly loggedAt: string | null
}

/** An exception that ends or cripples a process, other than a load failure. */
export interface ExceptionNote {
  readonly tag: 'ExceptionNote'
  readonly className: string
  readonly message: string
  /** Newest first. */
  readonly rubyFrames: readonly RubyFrame[]
  readonly atLine: number
  readonly loggedAt: string | null
}

/** What a kernel, shell, container runtime or supervisor says about a death. */
export interface DeathNote {
  readonly tag: 'DeathNote'
  readonly signal: string | null
  readonly outOfMemory: boolean
  readonly message: string
  /** Library that the kernel names (`segfault at … in pg_ext.so[…]`). */
  readonly library: string | null
  readonly atLine: number
  readonly loggedAt: string | null
}

export type Finding = CrashReport | LoadFailure | AbortNote | ExceptionNote | DeathNote
