import { execFileSync } from 'node:child_process'
import type { TinyApp } from '../fixtures/tiny-gem/tiny-app.ts'
import { systemClock } from '../../src/system/clock.ts'
import { validationDefaults, type ValidationSettings } from '../../src/validation/options.ts'
import type { ValidationReport } from '../../src/validation/validation-report.ts'
import { VersionValidator } from '../../src/validation/version-validator.ts'

/** What validation says of a tiny app as it is now, by reading alone. */
export function validateApp(app: TinyApp, settings: Partial<ValidationSettings> = {}): Promise<ValidationReport> {
  const complete = { ...validationDefaults, appPath: app.path, env: app.env, probe: false, ...settings }
  return new VersionValidator(complete, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
}

/** Leaves a compiled file as a build under a static Ruby leaves it after stripping: no debug information, no libruby. */
export function silence(file: string): void {
  execFileSync('strip', [file])
  const libruby = neededBy(file).find((name) => name.startsWith('libruby'))
  if (libruby !== undefined) execFileSync('patchelf', ['--remove-needed', libruby, file])
}

/** `DT_NEEDED`, in order. */
export function neededBy(file: string): string[] {
  return execFileSync('patchelf', ['--print-needed', file], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name !== '')
}
