import type { LoadFailureWhy } from './crash-report.ts'

/** What one line says about a failed load. */
export interface LoadFailureLine {
  readonly why: LoadFailureWhy
  readonly file: string | null
  readonly subject: string | null
  readonly symbol: string | null
  readonly gem: string | null
}

interface Rule {
  /** Cheap test: the rule is tried only where this stands in the line. */
  readonly holds: string
  readonly form: RegExp
  readonly read: (
    groups: Readonly<Record<string, string | undefined>>,
    line: string,
  ) => Partial<LoadFailureLine> & { readonly why: LoadFailureWhy }
}

const path = String.raw`[^\s'"(),:][^\s'"(),]*`
/** ` - FILE`, which dln.c appends; the file itself may hold spaces, so it runs to the class name or the end. What has no slash is the name of a function. */
const dashFile = String.raw`(?:\.?["')]*(?: - +(?:(?<file>\S+?\.(?:so|bundle)(?:\.\d+)*(?=[\s"')]|$)|[^\s:]*\/.*?)|\S.*?))?)(?: \(\w[\w:]*\))?["',]*\s*$`

/** Symbols that only glibc exports: a glibc binary on musl asks for them (musl wiki, "Functional differences from glibc"). */
const glibcOnly =
  /^(?:__\w+_chk|__(?:libc|res|isoc|strto|xpg|fdelt|longjmp|vsn?printf|register_atfork|cxa_thread)\w*|gnu_\w+|\w+64|backtrace\w*|mallinfo|__\w+_finite)$/

const rules: readonly Rule[] = [
  {
    holds: 'error while loading shared libraries',
    form: /(?<file>[^\s:]+): error while loading shared libraries: (?<subject>[^\s:]+): (?<reason>.*)/,
    read: ({ reason = '' }) => ({ why: /wrong ELF class/.test(reason) ? 'wrong-elf-class' : 'ruby-cannot-start' }),
  },
  {
    holds: 'cannot be preloaded',
    form: /object '(?<subject>[^']+)' from (?:LD_PRELOAD|\/etc\/ld\.so\.preload) cannot be preloaded/,
    read: () => ({ why: 'preload-failed' }),
  },
  {
    holds: 'symbol lookup error',
    form: /symbol lookup error: (?<file>[^\s:]+): undefined symbol: (?<symbol>[^\s,]+)/,
    read: () => ({ why: 'undefined-symbol' }),
  },
  {
    holds: "' not found",
    form: new RegExp(
      String.raw`(?:(?<lib>${path}): )?version [\`']?(?<subject>[A-Z]\w+?_[\w.]+)' not found(?: \(required by (?<file>[^)]+)\))?`,
    ),
    read: () => ({ why: 'libc-version' }),
  },
  {
    holds: 'Error loading shared library',
    form: /Error loading shared library (?<subject>[^\s:]+): .*?(?:\(needed by (?<file>[^)]+)\))?(?: - .*|[\s.]*(?:\(\w+\))?\s*|:.*)$/,
    read: ({ subject = '' }) => ({ why: /^ld-linux|^libc\.so\.6/.test(subject) ? 'glibc-on-musl' : missingLibrary(subject) }),
  },
  {
    holds: 'Error relocating',
    form: /Error relocating (?<file>[^\s:]+): (?<symbol>[^\s:]+): (?:symbol not found|initial-exec TLS)/,
    read: ({ symbol = '' }) => ({ why: glibcOnly.test(symbol) ? 'glibc-on-musl' : 'undefined-symbol' }),
  },
  // The symbol stands on the next line where somebody wrapped the message.
  { holds: 'Error relocating', form: /Error relocating (?<file>[^\s:]+):\s*$/, read: () => ({ why: 'undefined-symbol' }) },
  {
    holds: 'wrong ELF class',
    form: new RegExp(String.raw`(?<file>${path}): wrong ELF class: (?<subject>ELFCLASS\d+)`),
    read: () => ({ why: 'wrong-elf-class' }),
  },
  {
    holds: 'invalid ELF header',
    form: new RegExp(String.raw`(?<lib>${path}): invalid ELF header${dashFile}`),
    read: ({ lib = '', file }) => ({
      why: lib.endsWith('/libc.so') ? 'musl-on-glibc' : 'invalid-elf-header',
      file: file ?? lib,
      subject: lib,
    }),
  },
  {
    holds: 'file',
    form: new RegExp(String.raw`(?<lib>${path}): (?:file too short|cannot read file data|ELF file's phentsize|ELF load command \w+)`),
    read: ({ lib = '' }) => ({ why: 'file-too-short', file: lib }),
  },
  {
    holds: 'executable stack',
    form: new RegExp(String.raw`(?<file>${path}): cannot enable executable stack`),
    read: () => ({ why: 'executable-stack' }),
  },
  {
    holds: 'failed to map segment',
    form: new RegExp(String.raw`(?<file>${path}): failed to map segment from shared object`),
    read: () => ({ why: 'not-mappable' }),
  },
  {
    holds: 'static TLS block',
    form: new RegExp(String.raw`(?<subject>${path}): cannot allocate memory in static TLS block${dashFile}`),
    read: () => ({ why: 'static-tls' }),
  },
  {
    holds: 'cannot open shared object',
    form: new RegExp(
      String.raw`(?<subject>${path}): cannot open shared object file(?:: (?:No such file or directory|Permission denied|Error \d+))?${dashFile}`,
    ),
    read: ({ subject = '', file }) => ({ why: subject === file ? 'file-cannot-open' : missingLibrary(subject) }),
  },
  {
    // FreeBSD's rtld(1).
    holds: 'required by',
    form: /Shared object "(?<subject>[^"]+)" not found, required by "(?<by>[^"]+)"(?: - (?<file>\S+\.so))?/,
    read: ({ subject = '', by, file }) => ({ why: missingLibrary(subject), file: file ?? by ?? null }),
  },
  {
    holds: 'undefined symbol',
    form: new RegExp(String.raw`(?:(?<lib>${path}): )?undefined symbol: (?<symbol>[^\s,]+)(?:, version \S+)?${dashFile}`),
    read: ({ symbol = '', lib, file }) => ({ why: undefinedSymbol(symbol), file: file ?? lib ?? null }),
  },
  // As above.
  {
    holds: 'undefined symbol',
    form: new RegExp(String.raw`(?:(?<file>${path}): )?undefined symbol:\s*$`),
    read: () => ({ why: 'undefined-symbol' }),
  },
  {
    holds: 'linked to incompatible',
    form: /linked to incompatible (?<subject>.*?) ?- (?<file>\S+\.(?:so|bundle)|\S.*?)\)?(?: \(\w[\w:]*\))?\s*$/,
    read: () => ({ why: 'abi-mismatch' }),
  },
  {
    holds: 'incompatible library version',
    form: /incompatible library version - (?<file>\S+\.(?:so|bundle)|\S.*?)\)?(?: \(\w[\w:]*\))?\s*$/,
    read: () => ({ why: 'abi-mismatch' }),
  },
  {
    holds: 'ABI version of binary',
    form: /(?:incompatible ABI version of binary|ABI version of binary is incompatible with this Ruby.*?) - (?<file>\S.*?)(?: \(\w[\w:]*\))?\s*$/,
    read: () => ({ why: 'abi-development' }),
  },
  {
    holds: 'Library not loaded',
    form: /Library not loaded: (?<subject>\S+)/,
    read: ({ subject = '' }, line) => ({
      why: wrongMachO.test(line) ? 'wrong-architecture' : missingLibrary(subject),
      file: dlopenFile(line),
    }),
  },
  {
    holds: 'symbol not found in flat namespace',
    form: /symbol not found in flat namespace [('"]*_?(?<symbol>[\w$.]+)/,
    read: ({ symbol = '' }, line) => ({ why: undefinedSymbol(symbol), file: dlopenFile(line) ?? dashed(line) }),
  },
  { holds: 'missing symbol called', form: /(?:^|dyld\[\d+\]: )missing symbol called/, read: () => ({ why: 'undefined-symbol' }) },
  {
    holds: 'Symbol not found',
    form: /Symbol not found: \(?(?<symbol>_?[\w$.]+)/,
    read: ({ symbol = '' }, line) => ({
      why: undefinedSymbol(symbol.replace(/^_/, '')),
      symbol: symbol.replace(/^_/, ''),
      file: dlopenFile(line),
    }),
  },
  {
    holds: 'ymbol',
    form: /dlsym\([^)]*?,? ?(?<symbol>Init_\w+)\): symbol not found|(?<other>Init_\w+): symbol not found/,
    read: ({ symbol, other }, line) => ({ why: 'init-missing', symbol: symbol ?? other ?? null, file: dashed(line) }),
  },
  {
    holds: 'rch',
    form: /incompatible architecture|missing compatible arch|(?:wrong|bad CPU) (?:architecture|type)|no matching architecture|is not a valid Win32/,
    read: (_, line) => ({ why: 'wrong-architecture', file: dlopenFile(line) ?? quotedFile(line) ?? dashed(line) }),
  },
  {
    holds: 'xec format error',
    form: /(?:exec )?"?(?<file>\/[^\s:"]+)"?: [Ee]xec format error|[Ee]xec format error/,
    read: () => ({ why: 'wrong-architecture' }),
  },
  { holds: 'qemu-', form: /qemu-\w+: Could not open '(?<subject>\/lib\S*\/ld-[^']+)'/, read: () => ({ why: 'wrong-architecture' }) },
  { holds: 'not a valid Win32', form: /193: /, read: (_, line) => ({ why: 'wrong-architecture', file: dashed(line) }) },
  {
    holds: 'specified module could not be found',
    form: /126: /,
    read: (_, line) => ({ why: 'library-missing', file: dashed(line) }),
  },
  {
    holds: 'specified procedure could not be found',
    form: /127: /,
    read: (_, line) => ({ why: 'undefined-symbol', file: dashed(line) }),
  },
  {
    holds: 'extensions are not built',
    form: /Ignoring (?<gem>\S+) because its extensions are not built(?:\. *Try: gem pristine (?<name>\S+) --version (?<version>\S+))?/,
    read: ({ gem, name, version }) => ({
      why: 'extensions-not-built',
      gem: name === undefined || version === undefined ? (gem ?? null) : `${name}-${version}`,
    }),
  },
  {
    holds: 'did find: [',
    form: /Could not find '(?<name>[^']+)' \((?<wanted>[^)]*)\) - did find: \[(?<gem>[^\],]+)/,
    read: ({ wanted = '', gem = '' }) => ({ why: admits(wanted, gem) ? 'extensions-not-built' : 'no-such-file', gem }),
  },
  {
    holds: 'Could not find ',
    form: /Could not find (?:gem )?'?(?<gem>[\w-]+(?:-\d[\w.-]*)?)'? (?:\([^)]*\)'? )?(?:in (?:any of the sources|locally installed gems|any sources)|among \d+ total gem)/,
    read: () => ({ why: 'no-such-file' }),
  },
  {
    // An installer's word for a precompiled gem without a file for this Ruby: such gems have an upper bound.
    holds: ' version ',
    form: /(?<gem>[A-Za-z][\w.-]*) requires [Rr]uby version [^,]*?(?:, )?(?:>= [\d.]+, )?< [\d.]+\.dev/,
    read: () => ({ why: 'ruby-refused' }),
  },
  {
    holds: 'cannot load such file',
    form: /cannot load such file -- (?<subject>\S+?)(?: \(\w[\w:]*\))?\s*$/,
    read: () => ({ why: 'no-such-file' }),
  },
  {
    holds: 'no such file to load',
    form: /no such file to load -- (?<subject>\S+?)(?: \(\w[\w:]*\))?\s*$/,
    read: () => ({ why: 'no-such-file' }),
  },
  // pg 1.7's own error path hides why its extension did not load.
  { holds: 'IS_BINARY_GEM', form: /uninitialized constant PG::IS_BINARY_GEM/, read: () => ({ why: 'other-dlopen', gem: 'pg' }) },
  {
    holds: 'o such file or directory',
    form: /(?:failed to run command [‘'"`](?<file>[^’'"]*)[’'"]|exec (?<exec>\/?\S+)|(?<bad>\S+): bad interpreter|exec: "(?<go>[^"]+)": stat \S+|exec user process caused): "?[Nn]o such file or directory/,
    read: ({ file, exec, bad, go }) => ({ why: 'interpreter-missing', file: file ?? exec ?? bad ?? go ?? null }),
  },
  {
    holds: 'not found',
    form: /^(?:\S+: )?(?:line \d+: |\d+: )?(?<file>\/\S*(?:ruby|bundle|rake|rails|puma)\S*): not found$/,
    read: () => ({ why: 'interpreter-missing' }),
  },
  {
    holds: 'dlopen(',
    form: /dlopen\((?<subject>[^,)]+)[^]*(?:image not found|tried: (?:'[^']*' \((?:no such file|not in dyld cache)[^)]*\)(?:, )?)+\.?(?: \(LoadError\))?\s*$)/,
    read: ({ subject = '' }) => ({ why: missingLibrary(subject) }),
  },
  {
    holds: 'dlopen(',
    form: /dlopen\((?<file>[^,)]+)/,
    read: () => ({ why: 'other-dlopen' }),
  },
  { holds: 'Could not open library', form: /Could not open library '(?<file>[^']+)'/, read: () => ({ why: 'other-dlopen' }) },
]

const wrongMachO = /incompatible architecture|missing compatible arch|wrong architecture/

/** Reads a line about a failed load; null for any other line. */
export function readLoadFailureLine(line: string): LoadFailureLine | null {
  for (const { holds, form, read } of rules) {
    if (!line.includes(holds)) continue
    const found = form.exec(line)
    if (found === null) continue
    const groups: Readonly<Record<string, string | undefined>> = found.groups ?? {}
    const told = read(groups, line)
    return {
      why: told.why,
      file: told.file ?? groups['file'] ?? null,
      subject: told.subject ?? groups['subject'] ?? null,
      symbol: told.symbol ?? groups['symbol'] ?? null,
      gem: told.gem ?? groups['gem'] ?? null,
    }
  }
  return null
}

function missingLibrary(subject: string): LoadFailureWhy {
  if (/libruby/.test(subject)) return 'libruby-missing'
  if (/libc\.musl|ld-musl/.test(subject)) return 'musl-on-glibc'
  return 'library-missing'
}

function undefinedSymbol(symbol: string): LoadFailureWhy {
  if (symbol.startsWith('Init_')) return 'init-missing'
  return symbol === 'ruby_abi_version' ? 'abi-development' : 'undefined-symbol'
}

/** Whether a requirement that names one exact version (or none in particular) is met by `name-version`. */
function admits(wanted: string, found: string): boolean {
  const exact = /^= (\S+)$/.exec(wanted)?.[1]
  return exact === undefined ? wanted.startsWith('>= 0') || wanted === '' : found.endsWith(`-${exact}`) || found.includes(`-${exact}-`)
}

function dlopenFile(line: string): string | null {
  return /dlopen\(([^,)]+)/.exec(line)?.[1] ?? null
}

function quotedFile(line: string): string | null {
  return /'(\/[^']+\.(?:bundle|so|dylib))'/.exec(line)?.[1] ?? null
}

function dashed(line: string): string | null {
  return / - (\S+\.(?:so|bundle|dll)\S*)(?: \(\w[\w:]*\))?\s*$/.exec(line)?.[1] ?? null
}
