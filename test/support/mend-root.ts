import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { systemClock } from '../../src/system/clock.ts'
import { validationDefaults } from '../../src/validation/options.ts'
import type { ValidationReport } from '../../src/validation/validation-report.ts'
import { VersionValidator } from '../../src/validation/version-validator.ts'
import type { RootCopy } from '../fixtures/rubies/root-copy.ts'

/** What validation says of the root's `/app`. */
export function validateRoot({ path }: RootCopy): Promise<ValidationReport> {
  const settings = { ...validationDefaults, root: path, appPath: '/app', env: {} }
  return new VersionValidator(settings, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
}

/** Validates, types what the finding says, and validates again: then it must be healthy. Answers what was typed. */
export async function mendRoot(root: RootCopy, code: string): Promise<readonly string[]> {
  const { verdict, findings } = await validateRoot(root)
  const finding = findings.find((each) => each.code === code)
  expect([verdict, finding?.severity]).toEqual(['incompatible', 'error'])
  const remedy = finding?.remedy ?? []
  for (const line of remedy) await root.type(line)
  expect((await validateRoot(root)).verdict).toBe('compatible')
  return remedy
}

/** The lock of an app with one gem. */
export function writeLock({ path }: RootCopy, gem: string, version: string): void {
  mkdirSync(join(path, 'app/.bundle'), { recursive: true })
  writeFileSync(
    join(path, 'app/Gemfile.lock'),
    `GEM\n  remote: https://rubygems.org/\n  specs:\n    ${gem} (${version})\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  ${gem}\n`,
  )
}
