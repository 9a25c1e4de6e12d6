import type { CFrame, ControlFrame, MappedFile, RubyDescription, RubyFrame, SectionName } from './crash-report.ts'

const sectionTitles: readonly (readonly [string, SectionName])[] = [
  ['-- Crash Report log info', 'log'],
  ['-- Control frame info', 'control'],
  // Ruby 1.9 and 2.0.
  ['-- control frame --', 'control'],
  ['-- Ruby level backtrace info', 'ruby'],
  ['-- Threading info', 'threading'],
  ['-- Machine register context', 'machine'],
  ['-- C level backtrace info', 'c'],
  ['-- Other runtime info', 'other'],
  ['* Loaded features', 'features'],
  ['* Process memory map', 'map'],
  // systemd-coredump's own, of any process.
  ['Stack trace of thread', 'c'],
]

/** The section that a line opens. Dashes are not asked for: mail wraps them to the next line. */
export function readSectionTitle(line: string): SectionName | null {
  if (!line.includes('-- ') && !line.includes('* ') && !line.includes('Stack trace of')) return null
  for (const [title, name] of sectionTitles) if (line.includes(title)) return name
  return null
}

const description =
  /(?:^|\s)ruby (\d+\.\d+\.\d+\w*)(?:p\d+)? \((\d{4}-\d\d-\d\d)\S*(?: (?:[\w./-]+ )*?(?:revision |patchlevel )?([\w]+))?\)((?: \+[\w[\]=.-]+)*)(?: \[([\w.-]+)\])?/

export function readDescription(line: string): RubyDescription | null {
  const found = line.includes('ruby ') ? description.exec(line) : null
  if (found?.[1] === undefined) return null
  const flags = (found[4] ?? '')
    .split(' ')
    .filter((flag) => flag !== '')
    .map((flag) => flag.slice(1))
  return { version: found[1].replace(/p\d+$/, ''), revision: found[3] ?? null, flags, platform: found[5] ?? null }
}

const controlFrame =
  /c:(\d{4,}) +p:(?:-{4}|-?\d+) +s:-?\d+(?: +b:-?\d+ +l:[0-9a-f]+ +d:[0-9a-f]+| +[eE]:[0-9a-f]+)? +(\(none\)|-{6}|[A-Z]\w*)?(?: +(.*))?$/

export function readControlFrame(line: string): ControlFrame | null {
  const found = line.includes('c:0') || line.includes('c:1') ? controlFrame.exec(line) : null
  if (found?.[1] === undefined) return null
  const label = (found[3] ?? '').replace(/ *\[FINISH\] *$/, '').trim()
  return {
    depth: Number(found[1]),
    type: found[2] ?? '',
    label: label === '[FINISH]' || label === ':(null)' ? '' : label.replace(/^:/, ''),
  }
}

const rubyFrame = /^\s*(?!from )(.+?):(\d+):in [`'‘](.*)['’]\s*$/
const fromFrame = /^\s*(?:\d+: )?(?:from )?(\S.*?):(\d+)(?::in [`'‘](.*?)['’])?\s*$/

/** A line of the report's Ruby backtrace. */
export function readRubyFrame(line: string): RubyFrame | null {
  return toRubyFrame(line.includes(':in ') ? rubyFrame.exec(line) : null)
}

/** A line of an exception's backtrace, `from` or not. */
export function readBacktraceLine(line: string): RubyFrame | null {
  return toRubyFrame(/:\d/.test(line) && /\bfrom |:in |\.rb:\d+\s*$/.test(line) ? fromFrame.exec(line) : null)
}

function toRubyFrame(found: RegExpExecArray | null): RubyFrame | null {
  if (found?.[1] === undefined) return null
  return { file: lastPath(found[1]), line: Number(found[2]), method: found[3] ?? '' }
}

const register = /\b([A-Za-z][A-Za-z0-9]{1,3}): 0x([0-9a-f]{1,16})\b/g

/** Registers of one line, name in capitals; at least one, else null. */
export function readRegisters(line: string): readonly (readonly [string, string])[] | null {
  if (!line.includes(': 0x')) return null
  const found: (readonly [string, string])[] = []
  for (const [, name = '', value = ''] of line.matchAll(register)) found.push([name.toUpperCase(), `0x${value.replace(/^0+(?=.)/, '')}`])
  return found.length === 0 ? null : found
}

/** Windows prints its own separators. */
const frameWithAddress = /^(.+?)\(([^()[\]]*)\) *\[0x([0-9a-f]+)\](?: +(\S.*))?$/
const frameInlined = /^(\S+)\(([\w.$@]+)\) +(\S+:\d+)$/
const frameBare = /^\[0x([0-9a-f]+)\](?: +(\S.*))?$/
const frameOld = /^(\/\S+|\S+\.(?:so|bundle|dylib)[\d.]*) *\[0x([0-9a-f]+)\]$/
const frameCut = /^((?:\/|[A-Za-z]:\/)[^()]+)\(([^()[\]]*)\)?(?: *\[(?:0x[0-9a-f]*)?)?$/
/** `#0  0x00007f… xmlFreeNode (nokogiri.so + 0x1ae4)` of coredumpctl(1). */
const frameDumped = /^#\d+ +0x([0-9a-f]+) (\S+) \((\S+?)(?: \+ 0x[0-9a-f]+)?\)$/
/** A mangled C++ name may have some hundred characters, a path up to 4,096. */
const maxFrameUnits = 6_000
const symbolOffset = /^(.*?)(?:\+0x([0-9a-f]*))?$/
const addressOnly = /^0x[0-9a-f]*$/

/** Reads a C frame in each form of `vm_dump.c`/`addr2line.c`; `cut` also accepts one that ends in the middle. */
export function readCFrame(line: string, cut: boolean): CFrame | null {
  const text = line.trim()
  if (text.length > maxFrameUnits || (!text.includes('(') && !text.includes('[0x'))) return null
  const full = frameWithAddress.exec(text)
  if (full !== null) return toFrame(full[1], full[2], full[3], full[4])
  const bare = frameBare.exec(text)
  if (bare !== null) return toFrame(undefined, undefined, bare[1], bare[2])
  const inlined = frameInlined.exec(text)
  if (inlined !== null && /[/.]/.test(inlined[1] ?? '')) return toFrame(inlined[1], inlined[2], undefined, inlined[3])
  const dumped = text.startsWith('#') ? frameDumped.exec(text) : null
  if (dumped !== null) return toFrame(dumped[3], dumped[2] === 'n/a' ? undefined : dumped[2], dumped[1], undefined)
  const old = frameOld.exec(text)
  if (old !== null) return toFrame(old[1], undefined, old[2], undefined)
  const ended = cut ? frameCut.exec(text) : null
  return ended === null ? null : toFrame(ended[1], ended[2], undefined, undefined)
}

function toFrame(library: string | undefined, inside: string | undefined, address: string | undefined, source: string | undefined): CFrame {
  const named = inside === undefined || inside === '' || addressOnly.test(inside) ? null : symbolOffset.exec(inside)
  const symbol = named?.[1] === undefined || named[1] === '' ? null : named[1]
  const told = source === undefined || source.startsWith('(null)') ? null : source.trim()
  return {
    library: library === undefined ? null : /^[A-Za-z]:\\/.test(library) ? library.replaceAll('\\', '/') : lastPath(library),
    symbol,
    offset: named?.[2] === undefined || named[2] === '' ? null : `0x${named[2]}`,
    address: address === undefined ? null : `0x${address.replace(/^0+(?=.)/, '')}`,
    source: told,
  }
}

const appleFrame = /^\s*(\d+)\s+(\S+(?: \S+)*?)\s+0x([0-9a-f]+) (\S.*?)(?: \+ (\d+))?(?: \(([^()]*)\))?\s*$/

/** `6   stackprof.bundle   0x0000000105b488ea frame_i + 58 (stackprof.c:191)` of Apple's text report. */
export function readAppleFrame(line: string): CFrame | null {
  const found = /\s0x/.test(line) && line.length < maxFrameUnits ? appleFrame.exec(line) : null
  if (found?.[2] === undefined) return null
  const symbol = found[4] === undefined || found[4].startsWith('0x') || found[4] === '???' ? null : found[4]
  const offset = found[5] === undefined ? null : `0x${Number(found[5]).toString(16)}`
  return { library: found[2], symbol, offset, address: `0x${(found[3] ?? '').replace(/^0+(?=.)/, '')}`, source: found[6] ?? null }
}

const feature = /^\s*\d+ (\S.*)$/

export function readFeature(line: string): string | null {
  return feature.exec(line)?.[1] ?? null
}

const mapping = /^\s*([0-9a-f]{6,16})-([0-9a-f]{6,16}) [rwxsp-]{3,4}(?: [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ \d+)?(?: +(\S.*?))? *$/

export interface Mapping extends Pick<MappedFile, 'path'> {
  readonly start: string
  readonly end: string
}

/** A line of `/proc/PID/maps` (proc(5)) or of Ruby's macOS and FreeBSD maps; path '' for anonymous memory. */
export function readMapping(line: string): Mapping | null {
  const found = mapping.exec(line)
  if (found?.[1] === undefined || found[2] === undefined) return null
  return { start: found[1].padStart(16, '0'), end: found[2].padStart(16, '0'), path: found[3] ?? '' }
}

/** A path may follow a prefix that no rule knows: what follows the last ` /` is the path. */
export function lastPath(text: string): string {
  return text.startsWith('/') ? text : text.slice(text.lastIndexOf(' /') + 1)
}
