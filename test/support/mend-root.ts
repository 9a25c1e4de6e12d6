import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { systemClock } from '../../src/system/clock.ts'
import { validationDefaults } from '../../src/validation/options.ts'
import type { ValidationReport } from '../../src/validation/validation-report.ts'
import { VersionValidator } from '../../src/validation/version-validator.ts'
import type { RootCopy } from '../fixtures/rubies/root-copy.ts'
import { versions } from '../fixtures/rubies/slim-root.ts'

/** What validation says of the root's `/app`. */
export function validateRoot({ path }: RootCopy, rubyPath: string | null = null): Promise<ValidationReport> {
  const settings = { ...validationDefaults, root: path, appPath: '/app', env: {}, rubyPath }
  return new VersionValidator(settings, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
}

/** Validates, types what the finding says, and validates again: then it must be healthy. Answers what was typed. */
export async function mendRoot(root: RootCopy, code: string, rubyPath: string | null = null): Promise<readonly string[]> {
  const { verdict, findings } = await validateRoot(root, rubyPath)
  const finding = findings.find((each) => each.code === code)
  expect([verdict, finding?.severity]).toEqual(['incompatible', 'error'])
  const remedy = finding?.remedy ?? []
  for (const line of remedy) await root.type(line)
  expect((await validateRoot(root, rubyPath)).verdict).toBe('compatible')
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

/** Gives the root an app with one of the compiled gems that a root of Debian has, `from` the root itself or another one. */
export function bundleGem(root: RootCopy, gem: keyof typeof versions, abi: string, from = root.path): void {
  writeLock(root, gem, versions[gem])
  writeFileSync(join(root.path, 'app/.bundle/config'), '---\nBUNDLE_PATH: "vendor/bundle"\n')
  cpSync(join(from, 'gems'), join(root.path, 'app/vendor/bundle/ruby', abi), { recursive: true, verbatimSymlinks: true })
}
