import { expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readBundleSettings } from '../gems/app-bundle.ts'
import { findUnlockedGems } from '../gems/find-gems.ts'
import { checkUnlocked } from './check-unlocked.ts'

const gemfile =
  'gem "pg", "1.5.9"\ngem "puma"\ngem "rspec", group: :test\ngem "shop", path: "shop"\npath "engines" do\n  gem "stock"\nend\n'
const known = { PATH: '/usr/bin' }

async function check(specs: readonly string[], config = '', env: Readonly<Record<string, string>> = known) {
  const files = [
    ...specs.map((spec) => [`${spec}.gemspec`, ''] as const),
    ['/app/.bundle/config', config],
    ['/app/Gemfile', gemfile],
  ] as const
  const tree = memoryTree(new Map(files))
  const settings = readBundleSettings(tree, '/app', env)
  const runtime = madeRuntime(['/gems'])
  return checkUnlocked(tree, settings, await findUnlockedGems(tree, settings, runtime))
}

test('without a lock, a gem that the Gemfile plainly needs is missed where no version that serves is installed', async () => {
  expect(await check(['/gems/specifications/pg-1.5.9', '/gems/specifications/puma-6.4.3'])).toEqual([])
  expect(await check(['/gems/specifications/pg-1.5.4'])).toMatchObject([
    {
      code: 'NEEDED_GEM_ABSENT',
      gem: 'pg',
      evidence: [{ what: 'asks for pg = 1.5.9; in the gem folders is 1.5.4' }],
      mend: { tag: 'Install' },
    },
    { code: 'NEEDED_GEM_ABSENT', gem: 'puma', evidence: [{ what: 'asks for puma; none is in the gem folders' }] },
  ])
})

test('only where Bundler looks', async () => {
  const path = 'BUNDLE_PATH: "vendor/bundle"\n'
  expect(await check(['/gems/specifications/pg-1.5.9', '/gems/specifications/puma-6.4.3'], path)).toHaveLength(2)
})

test('in an image whose environment is lost, a bundle in any folder serves', async () => {
  expect(await check(['/data/b/specifications/pg-1.5.9', '/data/b/specifications/puma-6.4.3'], '', {})).toEqual([])
  expect(await check([], '', {})).toHaveLength(2)
})

test('a group that is left out is resolved all the same', async () => {
  expect(await check([], 'BUNDLE_WITHOUT: "default"\n')).toHaveLength(2)
})

test('a build for another platform does not serve', async () => {
  expect(await check(['/gems/specifications/pg-1.5.9-aarch64-linux', '/gems/specifications/puma-6.4.3'])).toMatchObject([
    { code: 'NEEDED_GEM_ABSENT', gem: 'pg' },
  ])
})

test('no lock at all is refused where it may not be written', async () => {
  const installed = ['/gems/specifications/pg-1.5.9', '/gems/specifications/puma-6.4.3']
  expect(await check(installed, 'BUNDLE_FROZEN: "true"\n')).toMatchObject([{ code: 'LOCK_MISSED', gem: null, mend: { tag: 'Relock' } }])
})

test('what a group asks for, or the one version of a gem, is missed as well', async () => {
  const specification =
    '# stub: puma 6.4.3 ruby lib\n\nGem::Specification.new do |s|\n  s.add_runtime_dependency(%q<nio4r>.freeze, ["~> 2.0".freeze])\nend\n'
  const tree = memoryTree(
    new Map([
      ['/gems/specifications/puma-6.4.3.gemspec', specification],
      ['/app/Gemfile', 'gem "puma"\ngroup :test do\n  gem "rspec"\nend\n'],
    ]),
  )
  const settings = readBundleSettings(tree, '/app', known)
  expect(await checkUnlocked(tree, settings, await findUnlockedGems(tree, settings, madeRuntime(['/gems'])))).toMatchObject([
    { code: 'NEEDED_GEM_ABSENT', gem: 'rspec', evidence: [{ where: '/app/Gemfile' }] },
    {
      code: 'NEEDED_GEM_ABSENT',
      gem: 'nio4r',
      evidence: [{ what: 'asks for nio4r ~> 2.0; none is in the gem folders', where: '/gems/specifications/puma-6.4.3.gemspec' }],
    },
  ])
})
