import { resolve } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect } from 'vitest'
import { faultsOf, inspectBuild, type FreshBuild } from '../../src/validation/validate-build.ts'
import { flaws, type Flaw } from '../fixtures/tiny-gem/flawed-gem.ts'
import { memoryTree } from '../support/memory-tree.ts'
import { waitFor } from '../support/wait-for.ts'
import { buildForOtherRuby, otherRubies, runIn, shareTinyApps } from './broken-gem.ts'
import { modelProperty, realProperty } from './cases.ts'
import { GuardedInstalls, type Install } from './guarded-install.ts'
import { extensionFor, machine, machineFiles, runtimeOf, type ModelMachine } from './model-bundle.ts'

const withGem = resolve(import.meta.dirname, '../fixtures/misbehaving/faults.rb')

interface Fresh {
  readonly runs: ModelMachine
  readonly made: ModelMachine
  readonly how: 'compiled' | 'precompiled'
  /** What came out: a whole file, a cut one, or something else. */
  readonly outcome: 'whole' | 'cut' | 'empty' | 'text'
}

const fresh: fc.Arbitrary<Fresh> = fc
  .record({
    runs: machine,
    other: fc.option(machine, { freq: 1 }),
    how: fc.constantFrom('compiled' as const, 'precompiled' as const),
    outcome: fc.oneof(
      { weight: 2, arbitrary: fc.constant('whole' as const) },
      { weight: 1, arbitrary: fc.constantFrom('cut' as const, 'empty' as const, 'text' as const) },
    ),
  })
  .map(({ other, ...rest }) => ({ ...rest, made: other ?? rest.runs }))

function place({ runs, made, how, outcome }: Fresh): { readonly files: Map<string, string | Buffer>; readonly build: FreshBuild } {
  const runtime = runtimeOf(runs)
  const home = `/var/lib/gems/${runtime.abi}`
  const fullName = how === 'compiled' ? 'tiny-1.0.0' : `tiny-1.0.0-${runtime.platform}`
  const folder = `${home}/gems/${fullName}`
  const extensionFolder = how === 'compiled' ? `${home}/extensions/${runtime.platform}/${runtime.extensionAbi}/${fullName}` : ''
  const whole = extensionFor(made)
  const content = { whole, cut: whole.subarray(0, whole.length - 40), empty: '', text: '<!doctype html>' }[outcome]
  const files = machineFiles(runs)
  files.set(how === 'compiled' ? `${folder}/lib/tiny.so` : `${folder}/lib/${made.minor}/tiny.so`, content)
  if (how === 'compiled') files.set(`${extensionFolder}/gem.build_complete`, '').set(`${extensionFolder}/tiny.so`, content)
  const platform = how === 'compiled' ? 'ruby' : runtime.platform
  const requireFolders = [`${folder}/lib`]
  return { files, build: { name: 'tiny', version: '1.0.0', platform, folder, requireFolders, extensionFolder, ruby: '/usr/bin/ruby' } }
}

/** What an install brought is let in exactly when it is a whole file that the machine's own compiler could have made. */
modelProperty(24, fresh, async (drawn) => {
  const { files, build } = place(drawn)
  const tree = memoryTree(files)
  const faults = faultsOf(await inspectBuild(tree, build, {}, runtimeOf(drawn.runs)))
  const { runs, made, outcome } = drawn
  const fits = outcome === 'whole' && runs.minor === made.minor && runs.libc === made.libc && runs.cpu === made.cpu
  expect({ fits: faults.length === 0, codes: faults.map(({ code }) => code) }).toMatchObject({ fits })
  for (const { gem, evidence } of faults) expect([gem, evidence.length > 0]).toEqual(['tiny', true])
})

const apps = shareTinyApps()
let installs: GuardedInstalls
beforeAll(() => {
  installs = new GuardedInstalls(apps.copy('bundler').loaded)
})
afterAll(() => {
  installs.remove()
  apps.remove()
})

const install = fc
  .record({
    tag: fc.constant('Install' as const),
    flaw: fc.oneof({ weight: 1, arbitrary: fc.constant<Flaw>('none') }, { weight: 3, arbitrary: fc.constantFrom(...flaws) }),
    by: fc.constantFrom('gem' as const, 'bundler' as const, 'bundler-git' as const),
    guard: fc.constantFrom('command' as const, 'installed' as const),
  })
  // Nobody keeps precompiled files in a repository.
  .map((drawn) => (drawn.flaw.includes('precompiled') && drawn.by === 'bundler-git' ? { ...drawn, by: 'bundler' as const } : drawn))

/** An install that nobody guarded, under a bezel that runs; null brings the same again. */
const restart = fc.record({ tag: fc.constant('Restart' as const), builtFor: fc.option(fc.constantFrom(...otherRubies)) })

async function holdsFor(drawn: Install): Promise<void> {
  const { succeeded, said, answer, loadable } = await installs.install(drawn)
  const sound = drawn.flaw.startsWith('none')
  expect({ succeeded, answer, loadable: loadable.length > 0 }).toEqual({ succeeded: sound, answer: sound ? '42' : null, loadable: sound })
  if (sound) expect(said).not.toContain('does not fit')
  else expect(said).toMatch(/bezel guard: tiny_ext 1\.2\.3 does not fit .*ruby/)
}

async function restartsOnlyInto(builtFor: (typeof otherRubies)[number] | null): Promise<void> {
  const app = apps.copy('bundler')
  try {
    await using run = await runIn(app, 'enforce', withGem)
    const { url } = await run.fact('PortOpened')
    const first = await run.fact('RunReady')
    if (builtFor !== null) buildForOtherRuby(app, builtFor)
    process.kill(run.pid, 'SIGUSR1')
    if (builtFor === null) await run.fact('RunReady', (fact) => fact.run > first.run)
    else await waitFor(() => run.output().includes('no worker is replaced'), 60_000)
    expect(await (await fetch(url)).text()).toBe('42')
    expect(run.facts().some(({ tag }) => tag === 'RunExited')).toBe(builtFor === null)
    expect(run.facts().some(({ tag }) => tag === 'GemRefused')).toBe(builtFor !== null)
  } finally {
    app.remove()
  }
}

realProperty(
  24,
  fc.oneof({ weight: 3, arbitrary: install }, { weight: 1, arbitrary: restart }),
  (drawn) => (drawn.tag === 'Install' ? holdsFor(drawn) : restartsOnlyInto(drawn.builtFor)),
  600_000,
  2,
)
