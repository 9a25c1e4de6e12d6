import { expect, test } from 'vitest'
import { madeRuntime } from '../../test/support/made-runtime.ts'
import type { InstalledGem } from './gems/installed-gem.ts'
import type { Mend, Observation } from './observation.ts'
import { toReport } from './to-report.ts'
import type { Finding } from './validation-report.ts'

const gem = { name: 'made', version: '1.0' } as InstalledGem

function reportOf(mend: Mend, remedy: readonly string[]) {
  const observation: Observation = { code: 'LOAD_REFUSED', gem: 'made', evidence: [], explanation: 'made can not be loaded.', mend }
  const finding: Finding = {
    code: 'LOAD_REFUSED',
    severity: 'error',
    gem: 'made',
    evidence: [],
    explanation: observation.explanation,
    remedy,
  }
  const inspection = {
    scope: 'lock' as const,
    gems: [{ gem, extensions: [], verdict: 'compatible' as const, builtFor: '3.1' }],
    all: new Map([['made', gem]]),
    observations: [observation],
    unseen: [],
  }
  return toReport(inspection, [finding], madeRuntime([], { TEENY: '2' }), 0).gems[0]
}

test.each([{ tag: 'Rebuild' }, { tag: 'Build' }, { tag: 'SourceBuild' }, { tag: 'Install' }] as const)(
  'a gem that %j mends has to be recompiled, with that command',
  (mend) => {
    expect(reportOf(mend, ['bundle pristine made', 'Say so.'])).toEqual({
      gemName: 'made',
      installedVersion: '1.0',
      rubyVersionCompiledFor: '3.1',
      currentRubyVersion: '3.1.2',
      compatibilityStatus: 'incompatible',
      recompilationRequired: true,
      recompilationCommand: 'bundle pristine made',
    })
  },
)

test.each([
  [{ tag: 'Library', name: 'libpq.so.5' }, 'apt-get install -y libpq5'],
  [{ tag: 'Permit', path: '/gems/made.so' }, 'chmod a+rX /gems/made.so'],
  [{ tag: 'Reinstall' }, 'rbenv install --force 3.1.2'],
  [{ tag: 'Say', lines: ['bundle update made'] }, 'bundle update made'],
] as const)('a gem that %j mends is incompatible, and need not be recompiled', (mend, command) => {
  expect(reportOf(mend, [command])).toMatchObject({
    compatibilityStatus: 'incompatible',
    recompilationRequired: false,
    recompilationCommand: null,
  })
})
