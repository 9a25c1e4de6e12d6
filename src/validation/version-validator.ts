import { nothingAbandoned, type Abandoned, type Outside, type Part } from '../part.ts'
import { DiskTree } from './files/disk-tree.ts'
import type { FileTree } from './files/file-tree.ts'
import { findGround, type Ground, type ValidationAround } from './ground.ts'
import type { Inspection } from './inspect-bundle.ts'
import { holds, type Footprint } from './memory/footprint.ts'
import { isWorthKeeping } from './memory/is-worth-keeping.ts'
import type { Observation } from './observation.ts'
import type { ValidationSettings } from './options.ts'
import type { Runtime } from './runtime/runtime.ts'
import { brokenRuby, startMachine } from './runtime/locate-runtime.ts'
import { today } from './today.ts'
import { toReport } from './to-report.ts'
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

interface Scene extends Pick<Ground, 'tree' | 'where' | 'runtime' | 'broken' | 'starting'> {
  readonly inspection: Inspection
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
    const tries = this.#settings.probe && this.#settings.root === null
    const ground = await findGround(this.#settings, this.#around, tries)
    const known = this.#recall(ground)
    if (known !== null) return this.#tell({ ...known, tookMs: Math.round(clock.nowMs() - startedMs) }, true)
    const scene = await this.#inspect(ground)
    const { runtime, inspection } = scene
    const tried = tries ? await this.#try(scene) : []
    const complete = { ...inspection, observations: [...scene.broken, ...inspection.observations, ...tried] }
    const findings = await this.#findings(scene.tree, complete, runtime)
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
    const findings = await this.#findings(tree, { ...inspection, observations: [...broken, ...inspection.observations] }, runtime)
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
    const { toPlan } = await import('./remedies/to-plan.ts')
    const { commands, byHand } = toPlan(findings.filter(({ severity }) => severity === 'error'))
    return [...commands, ...byHand]
  }

  /** One gem of the app. A gem or version that isn't there, or has no native code, gets the honest status. */
  async validateGemCompatibility(gemName: string, version: string): Promise<GemCompatibilityReport> {
    const { tree, inspection, runtime } = await this.#look()
    const report = toReport(inspection, await this.#findings(tree, inspection, runtime), runtime, 0)
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
    return this.#inspect(await findGround(this.#settings, this.#around))
  }

  async #inspect({ tree, where, runtime, mounts, broken, ahead, starting }: Ground): Promise<Scene> {
    const { inspectBundle } = await import('./inspect-bundle.ts')
    const inspection = ahead ?? (await inspectBundle(tree, where.appPath, where.env, runtime, mounts))
    return { tree, where, runtime, inspection, broken, starting }
  }

  /** Whether Ruby starts, and what happens when it loads the app's extensions. */
  async #try(scene: Scene): Promise<Observation[]> {
    if (scene.broken.some(({ code }) => code === 'RUBY_BROKEN')) return this.#probe(scene)
    const [whyNot, loading] = await Promise.all([scene.starting ?? startMachine(scene.where), this.#probe(scene)])
    return whyNot === null ? loading : [brokenRuby(scene.runtime.rubyPath, whyNot), ...loading]
  }

  async #probe({ runtime, inspection }: Scene): Promise<Observation[]> {
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

  async #findings(tree: FileTree, inspection: Inspection, runtime: Runtime): Promise<Finding[]> {
    if (inspection.observations.length === 0) return []
    const { root, appPath, env, rubyPath } = this.#settings
    // What knows remedies is loaded only where something must be mended.
    const [{ toFindings }, { rootInside, thisUser, toPlace }, { lostVariables }] = await Promise.all([
      import('./to-findings.ts'),
      import('./remedies/place.ts'),
      import('./remedies/lost-variables.ts'),
    ])
    const typist =
      root === null
        ? thisUser(tree, env, rubyPath === null)
        : { ...rootInside, lost: lostVariables(tree, appPath, inspection.all.values(), runtime) }
    const place = toPlace(tree, appPath, inspection.scope === 'lock', runtime, typist)
    return toFindings(inspection, place, this.#settings.ignore, today())
  }
}
