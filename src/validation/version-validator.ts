import { readFileSync } from 'node:fs'
import { nothingAbandoned, type Abandoned, type Outside, type Part } from '../part.ts'
import { BezelError } from '../errors.ts'
import { DiskTree } from './files/disk-tree.ts'
import type { FileTree } from './files/file-tree.ts'
import { inspectBundle, type Inspection } from './inspect-bundle.ts'
import type { ValidationSettings } from './options.ts'
import { checkLoading } from './probe/check-loading.ts'
import type { Place } from './remedies/choose-remedy.ts'
import { packageSystemOf } from './remedies/library-packages.ts'
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

/** May this Ruby run with these extensions? Reads the compiled files, then loads them in sacrificial processes. */
export class VersionValidator implements Part<ValidationSnapshot> {
  readonly #settings: ValidationSettings
  readonly #outside: Outside
  readonly #stopping = new AbortController()
  #report: ValidationReport | null = null

  constructor(settings: ValidationSettings, outside: Outside) {
    this.#settings = settings
    this.#outside = outside
  }

  /** Everything: static evidence, then (on this machine) the load probe. Throws `BezelError` `RUBY_NOT_FOUND` when there is no Ruby. */
  async validate(): Promise<ValidationReport> {
    const { clock } = this.#outside
    const startedMs = clock.nowMs()
    const scene = await this.#look()
    const { runtime, inspection } = scene
    const probed = this.#settings.probe && this.#settings.root === null ? await this.#probe(scene) : []
    const complete = { ...inspection, observations: [...scene.broken, ...inspection.observations, ...probed] }
    const findings = this.#findings(scene.tree, complete, runtime)
    const report = toReport(complete, findings, runtime, Math.round(clock.nowMs() - startedMs))
    this.#report = report
    for (const { severity, gem, code, explanation, remedy } of findings)
      if (severity === 'error') this.#outside.emit({ tag: 'GemRefused', gem: gem ?? 'ruby', code, explanation, remedy })
    this.#outside.emit({ tag: 'ValidationFinished', verdict: report.verdict, findings: findings.length, tookMs: report.tookMs })
    return report
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

  /** The commands that mend every error, each once, worst first. */
  async generateRecompilationCommands(): Promise<readonly string[]> {
    const { findings } = await this.validate()
    return [...new Set(findings.filter(({ severity }) => severity === 'error').flatMap(({ remedy }) => remedy))]
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

  async #look() {
    const { root, appPath, env, rubyPath } = this.#settings
    const tree = new DiskTree(root)
    if (tree.facts(appPath)?.kind !== 'folder')
      throw new BezelError('DATA_UNREADABLE', `There is no folder ${tree.shown(appPath)}; it should hold the app.`)
    const effective = root === null ? env : {}
    const { runtime, broken, others } = await locateRuntime(tree, { root, appPath, env: effective, rubyPath })
    const inspection = await inspectBundle(tree, appPath, effective, runtime, root === null ? readMounts() : null)
    return { tree, runtime, inspection, broken: [...broken, ...others] }
  }

  #probe({ runtime, inspection }: { readonly runtime: Runtime; readonly inspection: Inspection }) {
    const { env, probeCpuSeconds, probeMemoryMb, probeTimeoutMs } = this.#settings
    return checkLoading(inspection, runtime, {
      env,
      timeoutMs: probeTimeoutMs,
      memoryMb: probeMemoryMb,
      cpuSeconds: probeCpuSeconds,
      signal: this.#stopping.signal,
    })
  }

  #findings(tree: FileTree, inspection: Inspection, runtime: Runtime): Finding[] {
    const place: Place = {
      tree,
      appPath: this.#settings.appPath,
      bundled: inspection.scope === 'lock',
      packages: packageSystemOf(tree.text('/etc/os-release'), runtime.extensionSuffix),
    }
    return toFindings(inspection, place, this.#settings.ignore, new Date().toISOString().slice(0, 10))
  }
}

/** Absent on macOS, whose file systems are not looked at. `/proc` files have no size, so the tree's bounded reading doesn't serve. */
function readMounts(): string | null {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return null
  }
}
