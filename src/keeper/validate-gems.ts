import type { ValidationConfig } from '../config/config.ts'
import type { Outside } from '../part.ts'
import type { ValidationReport } from '../validation/validation-report.ts'
import { VersionValidator } from '../validation/version-validator.ts'
import type { Log } from './log/log.ts'

/**
 * Validates the app's gems as far as `mode` asks for it, and logs each finding with its evidence; null: it is off.
 * Throws RUBY_NOT_FOUND.
 */
export async function validateGems({ mode, settings }: ValidationConfig, outside: Outside, log: Log): Promise<ValidationReport | null> {
  if (mode === 'off') return null
  const validator = new VersionValidator(settings, outside)
  const report = await validator.validate()
  for (const { code, severity, gem, explanation, evidence, remedy } of report.findings) {
    const level = severity === 'error' ? (mode === 'enforce' ? 'error' : 'warn') : severity === 'warning' ? 'warn' : 'debug'
    log.message(level, gem === null ? explanation : `${gem}: ${explanation}`, { finding: code, gem, evidence, remedy })
  }
  if (report.scope === 'installed') log.message('info', 'there is no Gemfile.lock: all installed gems were validated')
  return report
}
