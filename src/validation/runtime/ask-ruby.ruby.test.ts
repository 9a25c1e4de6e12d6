import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInside } from '../../../test/fixtures/rubies/container.ts'
import { canMakeRubies, rubies, slimRoot, suites, type Minor, type SlimRoot } from '../../../test/fixtures/rubies/slim-root.ts'

const minors = Object.keys(suites).filter((minor): minor is Minor => minor in suites)

async function inside(root: SlimRoot, env: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInside(root.path, env, ['ruby', ...words])
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

const real = (root: SlimRoot, env: Readonly<Record<string, string>>) => inside(root, env, '-e', 'puts Gem.path')
const described = async (root: SlimRoot, env: Readonly<Record<string, string>>) => {
  const { gemFolders } = JSON.parse(await inside(root, env, '--disable=gems', '/bezel/ruby/describe-runtime.rb'))
  return `${gemFolders.join('\n')}\n`
}

/** The roots share their files by hard links. */
function replace(path: string, text: string): void {
  rmSync(path)
  writeFileSync(path, text)
}

describe.skipIf(!canMakeRubies()).each(minors)(
  'the search path that Ruby %s tells without loading RubyGems is that of RubyGems',
  (minor) => {
    let root: SlimRoot
    beforeAll(() => {
      root = slimRoot(rubies(), minor)
      writeFileSync(join(root.path, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n')
    })
    afterAll(() => root.remove())

    test.each<Record<string, string>>([
      {},
      { GEM_HOME: '/usr/local/bundle' },
      { GEM_HOME: '/opt/own/', GEM_PATH: '/opt/first:/opt/größer:' },
      { GEM_HOME: 'relative', GEM_PATH: '' },
      { HOME: '/nonexistent' },
      { HOME: '' },
      { XDG_DATA_HOME: '/srv' },
      { DEBIAN_DISABLE_RUBYGEMS_INTEGRATION: '1' },
      { DEBIAN_RUBY_STANDALONE: '1' },
    ])('with %o', async (env) => {
      expect(await described(root, env)).toBe(await real(root, env))
    })

    test("where a distribution's own file needs more than is loaded, and where it needs what is not there", async () => {
      const own = join(root.path, 'usr/lib/ruby/vendor_ruby/rubygems/defaults/operating_system.rb')
      const added = "def Gem.default_path\n  ['/opt/of-the-system', default_dir]\nend\n"
      for (const first of ["Gem::Version.new('1')", "require 'is/not/there'"]) {
        replace(own, `${first}\n${added}`)
        expect(await described(root, {})).toBe(await real(root, {}))
      }
      replace(own, added)
      expect(await described(root, {})).toMatch(/^\/opt\/of-the-system\n/)
    })
  },
)
