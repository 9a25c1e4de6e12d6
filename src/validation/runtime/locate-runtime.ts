import { posix } from 'node:path'
import { BezelError } from '../../errors.ts'
import { isForArch, machineName } from '../evidence/machine-name.ts'
import { whyUnusable } from '../evidence/why-unusable.ts'
import { whyNoFile } from '../files/describe-entry.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Observation } from '../observation.ts'
import { askRuby, whyNotStarted, type RubyAnswer, type RubyCall } from './ask-ruby.ts'
import { findRubies, rubiesOnPath } from './find-ruby.ts'
import { readRuntime } from './read-runtime.ts'
import type { Runtime } from './runtime.ts'

/** A cold version manager takes half a second. */
const askTimeoutMs = 15_000
const namedRuby = 'Let --ruby (or validation.ruby in bezel.yml) name an interpreter that is there, or leave it out.'

export interface Located {
  readonly runtime: Runtime
  /** The interpreter is there and doesn't start. */
  readonly broken: readonly Observation[]
  readonly others: readonly Observation[]
}

export interface Where {
  readonly root: string | null
  readonly appPath: string
  readonly env: Readonly<Record<string, string>>
  readonly rubyPath: string | null
}

/** The Ruby that the app would run with: asked on this machine, read in an unpacked root. Throws `BezelError` `RUBY_NOT_FOUND`. */
export async function locateRuntime(tree: FileTree, where: Where): Promise<Located> {
  return where.root === null ? fromAnswer(tree, where, await askMachine(where)) : readRoot(tree, where)
}

/** Runs the interpreter that the app would run with on this machine. */
export function askMachine(where: Where): Promise<RubyAnswer> {
  return askRuby(toCall(where))
}

/**
 * Starts that interpreter with RubyGems and all else that it loads for the app, which `askMachine` leaves out for the time it takes. Answers
 * why it does not start, or null.
 */
export function startMachine(where: Where): Promise<string | null> {
  return whyNotStarted(toCall(where))
}

function toCall({ appPath, env, rubyPath }: Where): RubyCall {
  return { ruby: rubyPath ?? 'ruby', cwd: appPath, env, timeoutMs: askTimeoutMs }
}

/** What follows from the answer of an interpreter of this machine. Throws `BezelError` `RUBY_NOT_FOUND`. */
export function fromAnswer(tree: FileTree, { appPath, env, rubyPath }: Where, answer: RubyAnswer): Located {
  if (answer.tag === 'Runtime')
    return { runtime: answer.runtime, broken: [], others: rubyPath === null ? othersOnPath(tree, answer.runtime, env['PATH'] ?? '') : [] }
  const looked = rubyPath ?? `PATH (${env['PATH'] ?? 'empty'})`
  if (answer.tag === 'Absent') throw notFound(`There is no ruby in ${looked}.`, rubyPath === null ? undefined : [namedRuby])
  // It doesn't start: what is installed can still be read, and is judged.
  const candidates = rubyPath === null ? findRubies(tree, appPath).rubies : namedRubies(tree, appPath, rubyPath)
  for (const ruby of candidates) {
    const runtime = readRuntime(tree, ruby)
    if (runtime !== null) return { runtime, broken: [brokenRuby(ruby, answer.why)], others: [] }
  }
  if (rubyPath === null) throw notFound(`The ruby of ${looked} does not start: ${answer.why}.`)
  throw notFound(`${looked} does not run as a Ruby: ${answer.why.trim()}.`, [namedRuby])
}

/** The interpreter that was named, if its name is one of Ruby's: another program says nothing about the Ruby beside it. */
function namedRubies(tree: FileTree, appPath: string, named: string): string[] {
  const real = tree.realPath(posix.resolve(appPath, named))
  return real !== null && posix.basename(real).startsWith('ruby') ? [real] : []
}

/** Whoever types `ruby` in another shell, or with another PATH, may get another one than the app. */
function othersOnPath(tree: FileTree, runtime: Runtime, path: string): Observation[] {
  const mine = tree.realPath(runtime.rubyPath)
  const others = rubiesOnPath(tree, path)
    .filter((ruby) => ruby !== mine)
    .flatMap((ruby) => readRuntime(tree, ruby) ?? [])
  return others.length === 0 ? [] : [severalRubies([runtime, ...others])]
}

function readRoot(tree: FileTree, { appPath, rubyPath }: Where): Located {
  const { rubies, looked } =
    rubyPath === null ? findRubies(tree, appPath) : { rubies: [tree.realPath(rubyPath) ?? rubyPath], looked: [rubyPath] }
  const runtimes = rubies.flatMap((ruby) => readRuntime(tree, ruby) ?? [])
  const [found, ...others] = runtimes
  const mute = rubies.find((ruby) => tree.kind(ruby) === 'file')
  const runtime = found ?? (mute === undefined ? brokenLink(tree, looked) : null)
  if (runtime === null && mute !== undefined)
    throw notFound(`${tree.shown(mute)} is there, and no rbconfig.rb beside it that can be understood tells which Ruby it is.`, [
      'Unpack the whole image: rbconfig.rb stands in lib/ruby, beside the standard library.',
    ])
  if (runtime === null)
    throw notFound(`There is no Ruby in ${tree.shown('/')}; looked at ${looked.map((path) => tree.shown(path)).join(', ')}.`, [
      'Let --root name the root of an unpacked file system that holds a Ruby; an app on this machine is named without --root.',
    ])
  return { runtime, broken: brokenInRoot(tree, runtime), others: others.length === 0 ? [] : [severalRubies([runtime, ...others])] }
}

/** An interpreter that was deleted, or never unpacked, where its link and its library still tell which it was. */
function brokenLink(tree: FileTree, looked: readonly string[]): Runtime | null {
  const links = looked.filter((path) => tree.realPath(path) === null && whyNoFile(tree, path) !== null)
  return links.map((path) => readRuntime(tree, path)).find((runtime) => runtime !== null) ?? null
}

/** What nobody could start, whatever libraries there are. */
function brokenInRoot(tree: FileTree, { rubyPath, arch, libraryFolder }: Runtime): Observation[] {
  if (isLost(tree, libraryFolder)) return [brokenRuby(rubyPath, `its standard library ${libraryFolder} is gone, which a package delivered`)]
  const why = whyUnusable(tree, rubyPath, (elf) => (isForArch(arch, elf) ? null : `for ${machineName(elf)}, its rbconfig.rb for ${arch}`))
  return why === null || arch.includes('darwin') ? [] : [brokenRuby(rubyPath, `it is ${why}`)]
}

/** Whether a folder is gone that a package of Debian delivered. */
function isLost(tree: FileTree, folder: string): boolean {
  const info = '/var/lib/dpkg/info'
  if (folder === '' || tree.realPath(folder) !== null) return false
  const lists = tree.list(info).filter(({ name }) => name.includes('ruby') && name.endsWith('.list'))
  return lists.some(({ name }) => tree.text(posix.join(info, name))?.split('\n').includes(folder) === true)
}

function notFound(message: string, remedy = ['Install Ruby, or put its folder into PATH.']): BezelError {
  return new BezelError('RUBY_NOT_FOUND', message, { remedy })
}

export function brokenRuby(ruby: string, why: string): Observation {
  const lacking = /([\w.+-]+\.so[\w.]*): cannot open shared object file/.exec(why)?.[1]
  return {
    code: 'RUBY_BROKEN',
    gem: null,
    evidence: [{ what: why, where: ruby }],
    explanation: `${ruby} does not start: ${why}`,
    mend: lacking === undefined ? { tag: 'Reinstall' } : { tag: 'Library', name: lacking },
  }
}

function severalRubies(runtimes: readonly Runtime[]): Observation {
  return {
    code: 'SEVERAL_RUBIES',
    gem: null,
    evidence: runtimes.map(({ version, rubyPath }) => ({ what: `Ruby ${version}`, where: rubyPath })),
    explanation: `There are ${runtimes.length} Rubies; ${runtimes[0]?.rubyPath} is the first, and was judged.`,
    mend: { tag: 'Say', lines: [] },
  }
}
