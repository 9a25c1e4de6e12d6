import type { CFrame, CrashReport } from '../../formats/crash-report/crash-report.ts'
import { baseName, isGemName } from './gem-path.ts'
import { gemOfLibrary, ownerOfFile } from './known-owners.ts'

/** Whose code a C frame runs. `machine` is libc, the loader, the C++ runtime, the allocator: never blamed. */
export type FrameOwner =
  | { readonly tag: 'ruby' }
  | { readonly tag: 'machine' }
  | { readonly tag: 'unknown' }
  | { readonly tag: 'library'; readonly path: string; readonly gem: string | null }
  | {
      readonly tag: 'gem'
      readonly path: string
      readonly gem: string
      readonly version: string | null
      /** `path` names it itself, `name` is the file's well-known owner, `guess` is the file's own name. */
      readonly by: 'path' | 'name' | 'guess'
    }

const compiled = /\.(?:so|bundle|dylib|dll)(?:[.\d]|$)|\.\d\d-\w+\.ruby$/
const ruby = /^(?:lib(?:x64-\w+-|\w+-)?ruby[\d.-]*|x64-\w+-ruby\d*\.dll$|ruby[\d.]*$|Ruby$)/i
const machine =
  /^(?:lib(?:c|m|thr|pthread|rt|dl|resolv|anl|util|gcc_s|nss_\w+|stdc\+\+|c\+\+(?:abi)?|unwind|execinfo|jemalloc|tcmalloc\w*|mimalloc|asan|ubsan|tsan|SegFault)[.-]|ld[-.]|libc\.musl|linux-vdso|linux-gate|\[vdso\]|libsystem_|libSystem|libdyld|libdispatch|libobjc|CoreFoundation|Foundation|libxpc|ntdll|KERNEL|ucrtbase|msvcrt)/

export /** Ruby's own C sources (top directory of a Ruby release): an assertion there is the VM's, whoever broke its state. */
const rubysSources =
  /^(?:vm\w*|gc|eval\w*|thread\w*|signal|proc|string|array|hash|object|class|variable|symbol|iseq|compile|parse|load|error|io|process|ractor\w*|cont|shape|yjit|rjit|mjit|marshal|numeric|bignum|st|id_table|imemo|default|ruby|prism_compile|memory_view|weakmap|transcode|re(?:g\w+)?|random|struct|time|util)\.[chy]$/

export function ownerOfFrame(frame: CFrame, report: CrashReport): FrameOwner {
  const path = objectOf(frame, report)
  if (path !== null) return ownerOfObject(path)
  return frame.source === null ? { tag: 'unknown' } : ownerOfSource(frame.source)
}

/** Nobody knows the file, but only an extension is called so. */
export function guessGem(path: string): string | null {
  const own = /^(.+?)(?:_ext\.so|(?:_ext)?\.bundle)$/.exec(baseName(path))?.[1]
  return own !== undefined && isGemName(own) ? own : null
}

/** A debugger names the source file of a frame, but not its object: an extension's main file mostly bears its name. */
function ownerOfSource(source: string): FrameOwner {
  const file = baseName(source.replace(/:\d+$/, ''))
  if (rubysSources.test(file)) return { tag: 'ruby' }
  const gem = ownerOfFile(file.replace(/\.\w+$/, '.so'))?.gem ?? null
  return gem === null ? { tag: 'unknown' } : { tag: 'gem', path: source, gem, version: null, by: 'guess' }
}

export function ownerOfObject(path: string): FrameOwner {
  const name = baseName(path)
  if (machine.test(name)) return { tag: 'machine' }
  // An executable; older Rubies print the process title here (`puma: cluster worker 0: 12 [app]`).
  if (ruby.test(name) || !compiled.test(name)) return { tag: 'ruby' }
  if (/\/enc\/\w+(?:\/\w+)*\.(?:so|bundle)$/.test(path)) return { tag: 'ruby' }
  const owner = ownerOfFile(path)
  const own = owner === null ? guessGem(path) : null
  if (own !== null) return { tag: 'gem', path, gem: own, version: null, by: 'guess' }
  if (owner === null || (owner.by === 'name' && name.startsWith('lib'))) return { tag: 'library', path, gem: gemOfLibrary(path) }
  return { tag: 'gem', path, ...owner }
}

/** Path of the object that a frame lies in: its own, else by the memory map. Apple prints file names only: the list of images has the path. */
function objectOf(frame: CFrame, report: CrashReport): string | null {
  if (frame.library !== null) {
    if (frame.library.includes('/')) return frame.library
    return report.mappedFiles.find(({ path }) => baseName(path) === frame.library)?.path ?? frame.library
  }
  return frame.address === null ? null : mappedObject(frame.address, report)
}

/** The file mapped at an address; null for anonymous memory and where the map is missing. */
export function mappedObject(address: string, report: CrashReport): string | null {
  const padded = address.slice(2).padStart(16, '0')
  for (const { path, ranges } of report.mappedFiles) for (const { start, end } of ranges) if (start <= padded && padded < end) return path
  return null
}
