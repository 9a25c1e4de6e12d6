import { readFileSync } from 'node:fs'
import type { FileTree } from './files/file-tree.ts'
import { requireFolder } from './files/require-folder.ts'
import type { Inspection } from './inspect-bundle.ts'
import { RecordingTree } from './memory/recording-tree.ts'
import type { ReportMemory } from './memory/report-memory.ts'
import type { Observation } from './observation.ts'
import type { ValidationSettings } from './options.ts'
import type { RubyAnswer } from './runtime/ask-ruby.ts'
import { guessRuntime } from './runtime/guess-runtime.ts'
import { askMachine, fromAnswer, locateRuntime, startMachine, type Where } from './runtime/locate-runtime.ts'
import type { Runtime } from './runtime/runtime.ts'
import { today } from './today.ts'

/** Where a validator looks, and what it remembers. */
export interface ValidationAround {
  /** Reports that outlive the process; null: everything is read each time. */
  readonly memory: ReportMemory | null
  openTree(root: string | null): FileTree
}

interface Trees {
  readonly tree: FileTree
  /** The same tree, where it notes what is asked for. */
  readonly recording: RecordingTree | null
}

/** Ruby and what it is judged in. */
export interface Ground extends Trees {
  readonly where: Where
  readonly runtime: Runtime
  readonly mounts: string | null
  /** For the memory; empty without one. */
  readonly key: string
  readonly broken: readonly Observation[]
  /** The bundle, if it was inspected while Ruby was asked. */
  readonly ahead: Inspection | null
  /** Why Ruby does not start, or null, if it was started meanwhile. */
  readonly starting: Promise<string | null> | null
}

interface Ahead extends Trees {
  readonly runtime: Runtime
  readonly inspection: Inspection
}

/**
 * Finds the app's Ruby, and with `starts` starts it beside that where nothing is known of the app. Throws `BezelError` `RUBY_NOT_FOUND` or
 * `CONFIG_INVALID`.
 */
export async function findGround(settings: ValidationSettings, around: ValidationAround, starts = false): Promise<Ground> {
  const { root, appPath, rubyPath } = settings
  const trees = openTrees(root, around)
  requireFolder(trees.tree, appPath)
  const env = root === null ? settings.env : {}
  const where = { root, appPath, env, rubyPath }
  const mounts = root === null ? readMounts() : null
  const keyOf = await keyFor(settings, around.memory, mounts)
  if (root !== null) {
    const { runtime, broken, others } = await locateRuntime(trees.tree, where)
    return { ...trees, where, runtime, mounts, key: keyOf(runtime), broken: [...broken, ...others], ahead: null, starting: null }
  }
  const asking = askMachine(where)
  const isKnown = (runtime: Runtime) => (around.memory?.recall(keyOf(runtime)) ?? null) !== null
  let starting: Promise<string | null> | null = null
  const begin = () => {
    if (starts) starting = startMachine(where)
  }
  const ahead = await inspectAhead(openTrees(root, around), where, mounts, isKnown, begin).catch(() => null)
  const answer = await asking
  const fitting = ahead !== null && isSame(answer, ahead.runtime) ? ahead : null
  const { tree, recording } = fitting ?? trees
  const { runtime, broken, others } = fromAnswer(tree, where, answer)
  const key = keyOf(runtime)
  return { tree, recording, where, runtime, mounts, key, broken: [...broken, ...others], ahead: fitting?.inspection ?? null, starting }
}

/** What a memory knows reports by; to compute it takes modules that nobody needs without one. */
async function keyFor(
  settings: ValidationSettings,
  memory: ReportMemory | null,
  mounts: string | null,
): Promise<(runtime: Runtime) => string> {
  if (memory === null) return () => ''
  const { reportKey } = await import('./memory/report-key.ts')
  return (runtime) => reportKey(settings, runtime, mounts, today())
}

/**
 * Ruby takes some 25 ms to answer. Meanwhile the bundle is inspected for the Ruby that its files promise,
 * in a tree of its own: if Ruby says otherwise, nothing of it may stay.
 */
async function inspectAhead(
  trees: Trees,
  where: Where,
  mounts: string | null,
  isKnown: (runtime: Runtime) => boolean,
  begin: () => void,
): Promise<Ahead | null> {
  const { inspectBundle } = await import('./inspect-bundle.ts')
  const runtime = guessRuntime(trees.tree, where)
  if (runtime === null || isKnown(runtime)) return null
  begin()
  return { ...trees, runtime, inspection: await inspectBundle(trees.tree, where.appPath, where.env, runtime, mounts) }
}

function isSame(answer: RubyAnswer, runtime: Runtime): boolean {
  return answer.tag === 'Runtime' && JSON.stringify(answer.runtime) === JSON.stringify(runtime)
}

function openTrees(root: string | null, around: ValidationAround): Trees {
  const disk = around.openTree(root)
  const recording = around.memory === null ? null : new RecordingTree(disk)
  return { tree: recording ?? disk, recording }
}

/** Absent on macOS, whose file systems are not looked at. `/proc` files have no size, so the tree's bounded reading doesn't serve. */
function readMounts(): string | null {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return null
  }
}
