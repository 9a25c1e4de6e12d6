import { readFileSync } from 'node:fs'
import { nothingAbandoned, type Abandoned, type Outside, type Part } from '../part.ts'
import { DiskTree } from './files/disk-tree.ts'
import type { FileTree } from './files/file-tree.ts'
import { requireFolder } from './files/require-folder.ts'
import type { Inspection } from './inspect-bundle.ts'
import { holds, type Footprint } from './memory/footprint.ts'
import { isWorthKeeping } from './memory/is-worth-keeping.ts'
import { RecordingTree } from './memory/recording-tree.ts'
import { reportKey } from './memory/report-key.ts'
import type { ReportMemory } from './memory/report-memory.ts'
import type { Observation } from './observation.ts'
import type { ValidationSettings } from './options.ts'
import { rootInside, thisUser, toPlace } from './remedies/place.ts'
import { toPlan } from './remedies/to-plan.ts'
import { locateRuntime } from './runtime/locate-runtime.ts'
import type { Runtime } from './runtime/runtime.ts'
import { toFindings, toReport } from './to-report.ts'
import type { Finding, GemCompatibilityReport, ValidationReport } from './validation-report.ts'

export interface RubyConsistency {
  readonly consistent: boolean
  readonly currentRubyVersion: string
  /** Findings that name another Ruby than the one found. */
  readonly findings: readonly Finding[]
}

export interface ValidationSnapshot {
  /** The newest report; null before the first. */
  readonly report: ValidationReport | null
}

/** Where a validator looks, and what it remembers. */
export interface ValidationAround {
  /** Reports that outlive the process; null: everything is read each time. */
  readonly memory: ReportMemory | null
  openTree(root: string | null): FileTree
}

/** Ruby and what it is judged in, before any gem is looked at. */
interface Ground {
  readonly tree: FileTree
  /** The same tree, where it notes what is asked for. */
  readonly recording: RecordingTree | null
  readonly env: Readonly<Record<string, string>>
  readonly runtime: Runtime
  readonly mounts: string | null
  /** For the memory; empty without one. */
  readonly key: string
  readonly broken: readonly Observation[]
}

const forgetful: ValidationAround = { memory: null, openTree: (root) => new DiskTree(root) }

/** May this Ruby run with these extensions? Reads the compiled files, then loads them in sacrificial processes. */
export class VersionValidator implements Part<ValidationSnapshot> {
  readonly #settings: ValidationSettings
  readonly #outside: Outside
  readonly #stopping = new AbortController()
  readonly #around: ValidationAround
  #report: ValidationReport | null = null
  /** What the newest report depends on; null without a memory. */
  #footprint: Footprint | null = null

  constructor(settings: ValidationSettings, outside: Outside, around: ValidationAround = forgetful) {
    this.#settings = settings
    this.#outside = outside
    this.#around = around
  }

  /** Everything: static evidence, then (on this machine) the load probe. Throws `BezelError` `RUBY_NOT_FOUND` when there is no Ruby. */
  async validate(): Promise<ValidationReport> {
    const { clock } = this.#outside
    const startedMs = clock.nowMs()
    const ground = await this.#locate()
    const known = this.#recall(ground)
    if (known !== null) return this.#tell({ ...known, tookMs: Math.round(clock.nowMs() - startedMs) }, true)
    const scene = await this.#inspect(ground)
    const { runtime, inspection } = scene
    const probed = this.#settings.probe && this.#settings.root === null ? await this.#probe(scene) : []
    const complete = { ...inspection, observations: [...scene.broken, ...inspection.observations, ...probed] }
    const findings = this.#findings(scene.tree, complete, runtime)
    const report = toReport(complete, findings, runtime, Math.round(clock.nowMs() - startedMs))
    this.#footprint = ground.recording?.footprint ?? null
    if (this.#footprint !== null && isWorthKeeping(report)) this.#around.memory?.keep(ground.key, { report, footprint: this.#footprint })
    return this.#tell(report, false)
  }

  /** Whether any file has changed that the newest report depends on; opens none. False without a memory, and before the first report. */
  hasChanged(): boolean {
    return this.#footprint !== null && !holds(this.#footprint, this.#around.openTree(this.#settings.root))
  }

  /** Compares the Ruby found with what the app's files ask for and with what every extension was built for. Runs no extension. */
  async validateRubyConsistency(): Promise<RubyConsistency> {
    const { tree, inspection, runtime, broken } = await this.#look()
    const findings = this.#findings(tree, { ...inspection, observations: [...broken, ...inspection.observations] }, runtime)
    const about = findings.filter(({ severity }) => severity === 'error')
    return { consistent: about.length === 0, currentRubyVersion: runtime.version, findings: about }
  }

  /** Loads every extension in sacrificial Ruby processes; what refused, crashed or hung. Empty with `root`. */
  async checkNativeExtensions(): Promise<readonly Finding[]> {
    if (this.#settings.root !== null) return []
    const scene = await this.#look()
    return this.#findings(scene.tree, { ...scene.inspection, observations: await this.#probe(scene) }, scene.runtime)
  }

  /** The commands that mend every error, each once and in the order to type them; then sentences, where nothing can be typed. */
  async generateRecompilationCommands(): Promise<readonly string[]> {
    const { findings } = await this.validate()
    const { commands, byHand } = toPlan(findings.filter(({ severity }) => severity === 'error'))
    return [...commands, ...byHand]
  }

  /** One gem of the app. A gem or version that isn't there, or has no native code, gets the honest status. */
  async validateGemCompatibility(gemName: string, version: string): Promise<GemCompatibilityReport> {
    const { tree, inspection, runtime } = await this.#look()
    const report = toReport(inspection, this.#findings(tree, inspection, runtime), runtime, 0)
    const known = report.gems.find((gem) => gem.gemName === gemName && gem.installedVersion === version)
    if (known !== undefined) return known
    const pure = inspection.all.get(gemName)?.version === version
    return {
      gemName,
      installedVersion: version,
      rubyVersionCompiledFor: null,
      currentRubyVersion: runtime.version,
      compatibilityStatus: pure ? 'compatible' : 'unknown',
      recompilationRequired: false,
      recompilationCommand: null,
    }
  }

  snapshot(): ValidationSnapshot {
    return { report: this.#report }
  }

  /** Ends running probes. */
  stop(_deadlineMs: number): Promise<Abandoned> {
    this.#stopping.abort()
    return Promise.resolve(nothingAbandoned)
  }

  #tell(report: ValidationReport, unchanged: boolean): ValidationReport {
    const { findings, verdict, tookMs } = report
    this.#report = report
    for (const { severity, gem, code, explanation, evidence, remedy } of findings)
      if (severity === 'error') this.#outside.emit({ tag: 'GemRefused', gem: gem ?? 'ruby', code, explanation, evidence, remedy })
    const known = unchanged ? { unchanged } : {}
    this.#outside.emit({ tag: 'ValidationFinished', verdict, findings: findings.length, tookMs, ...known })
    return report
  }

  /** What was said before, if nothing that it depends on has changed. */
  #recall({ key }: Ground): ValidationReport | null {
    const kept = this.#around.memory?.recall(key) ?? null
    if (kept === null || !holds(kept.footprint, this.#around.openTree(this.#settings.root))) return null
    this.#footprint = kept.footprint
    return kept.report
  }

  async #look() {
    return this.#inspect(await this.#locate())
  }

  async #locate(): Promise<Ground> {
    const { root, appPath, env, rubyPath } = this.#settings
    const disk = this.#around.openTree(root)
    const recording = this.#around.memory === null ? null : new RecordingTree(disk)
    const tree = recording ?? disk
    requireFolder(disk, appPath)
    const effective = root === null ? env : {}
    // Ruby takes 50 ms to answer: what will judge its extensions is loaded meanwhile.
    const [{ runtime, broken, others }] = await Promise.all([
      locateRuntime(tree, { root, appPath, env: effective, rubyPath }),
      import('./inspect-bundle.ts'),
    ])
    const mounts = root === null ? readMounts() : null
    const key = recording === null ? '' : reportKey(this.#settings, runtime, mounts, today())
    return { tree, recording, env: effective, runtime, mounts, key, broken: [...broken, ...others] }
  }

  async #inspect({ tree, env, runtime, mounts, broken }: Ground) {
    const { inspectBundle } = await import('./inspect-bundle.ts')
    const inspection = await inspectBundle(tree, this.#settings.appPath, env, runtime, mounts)
    return { tree, runtime, inspection, broken }
  }

  async #probe({ runtime, inspection }: { readonly runtime: Runtime; readonly inspection: Inspection }) {
    const { env, probeCpuSeconds, probeMemoryMb, probeTimeoutMs } = this.#settings
    const { checkLoading } = await import('./probe/check-loading.ts')
    return checkLoading(inspection, runtime, {
      env,
      timeoutMs: probeTimeoutMs,
      memoryMb: probeMemoryMb,
      cpuSeconds: probeCpuSeconds,
      signal: this.#stopping.signal,
    })
  }

  #findings(tree: FileTree, inspection: Inspection, runtime: Runtime): Finding[] {
    const { root, appPath, env, rubyPath } = this.#settings
    const typist = root === null ? thisUser(tree, env, rubyPath === null) : rootInside
    const place = toPlace(tree, appPath, inspection.scope === 'lock', runtime, typist)
    return toFindings(inspection, place, this.#settings.ignore, today())
  }
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}

/** Absent on macOS, whose file systems are not looked at. `/proc` files have no size, so the tree's bounded reading doesn't serve. */
function readMounts(): string | null {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return null
  }
}
