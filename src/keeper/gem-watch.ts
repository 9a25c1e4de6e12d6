import type { ValidationConfig } from '../config/config.ts'
import type { Outside } from '../part.ts'
import { ReportFile } from '../validation/memory/report-memory.ts'
import { DiskTree } from '../validation/files/disk-tree.ts'
import type { ValidationReport } from '../validation/validation-report.ts'
import { VersionValidator } from '../validation/version-validator.ts'
import { toTry, type Log } from './log/log.ts'

/**
 * The app's gems as they were validated, held against what is on disk now. What has changed is validated before a run that serves
 * is replaced on purpose. A run that died is replaced at once: waiting would cost capacity, and a contradiction is logged meanwhile.
 */
export class GemWatch {
  readonly #mode: ValidationConfig['mode']
  readonly #validator: VersionValidator
  readonly #log: Log
  #report: ValidationReport | null = null
  #validating: Promise<boolean> | null = null

  /** `memoryFile`: where a report outlives this process; its folder must be private. */
  constructor({ mode, settings }: ValidationConfig, outside: Outside, log: Log, memoryFile: string) {
    this.#mode = mode
    this.#log = log
    // Where findings only warn, nothing is refused.
    const emit: Outside['emit'] = (fact) => (mode === 'warn' && fact.tag === 'GemRefused' ? undefined : outside.emit(fact))
    this.#validator = new VersionValidator(
      settings,
      { ...outside, emit },
      {
        memory: new ReportFile(memoryFile),
        openTree: (root) => new DiskTree(root),
      },
    )
  }

  /** The newest; null while there is none, and where validation is off. */
  get report(): ValidationReport | null {
    return this.#report
  }

  /** Validates; each finding is told once, with its evidence: as the fact `GemRefused`, or logged. Whether workers may start, as far as that is enforced. Throws RUBY_NOT_FOUND. */
  async validate(): Promise<boolean> {
    if (this.#mode === 'off') return true
    const report = await this.#validator.validate()
    this.#report = report
    for (const { code, severity, gem, explanation, evidence, remedy } of report.findings) {
      if (severity === 'error' && this.#enforces) continue
      const level = severity === 'note' ? 'debug' : 'warn'
      this.#log.message(
        level,
        gem === null ? explanation : `${gem}: ${explanation}`,
        { finding: code, gem, evidence, remedy },
        toTry(remedy),
      )
    }
    if (report.scope !== 'lock')
      this.#log.message(
        'info',
        `there is no Gemfile.lock: ${report.scope === 'gemfile' ? 'what the Gemfile asks for was' : 'all installed gems were'} validated`,
      )
    return !this.#enforces || report.verdict !== 'incompatible'
  }

  /** Whether what is installed now may take the place of a run that serves. Never rejects. */
  async mayReplace(): Promise<boolean> {
    if (this.#mode === 'off') return true
    const fits = await (this.#validating ?? (this.#isStale() ? this.#validateAnew() : this.#fits()))
    if (!fits)
      this.#log.message('error', 'no worker is replaced: the gems on disk do not fit. Those that run go on with what they have loaded.')
    return fits
  }

  /**
   * A run is about to start that nothing may hold up: what has changed is validated beside it. Looks at every path that the report
   * depends on: some 10 ms for 300 gems.
   */
  runStarts(worker: number): void {
    if (this.#validating !== null) return
    if (this.#isStale()) void this.#validateAnew().then((fits) => this.#tellStart(worker, fits))
    else this.#tellStart(worker, this.#fits())
  }

  #tellStart(worker: number, fits: boolean): void {
    if (!fits) this.#log.message('error', `worker ${worker} was started with gems that do not fit: its run before had ended`)
  }

  get #enforces(): boolean {
    return this.#mode === 'enforce'
  }

  #isStale(): boolean {
    return this.#report !== null && this.#validator.hasChanged()
  }

  #fits(): boolean {
    return !this.#enforces || this.#report?.verdict !== 'incompatible'
  }

  #validateAnew(): Promise<boolean> {
    this.#log.message('info', 'the gems on disk have changed since they were validated: validating them')
    this.#validating = this.validate()
      .catch((error: unknown) => {
        this.#log.failure(error)
        return !this.#enforces
      })
      .finally(() => {
        this.#validating = null
      })
    return this.#validating
  }
}
