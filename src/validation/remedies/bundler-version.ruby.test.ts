import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copyRoot } from '../../../test/fixtures/rubies/root-copy.ts'
import { canMakeRubies, rubies } from '../../../test/fixtures/rubies/slim-root.ts'
import { bundleGem, mendRoot } from '../../../test/support/mend-root.ts'

test.skipIf(!canMakeRubies())(
  'under an older RubyGems, a lock that another major version of Bundler wrote starts again after the printed command',
  { timeout: 900_000 },
  async () => {
    const root = copyRoot(rubies(), 'bullseye')
    try {
      mkdirSync(join(root.path, 'app'))
      bundleGem(root, 'bcrypt', '2.7.0')
      writeFileSync(join(root.path, 'app/Gemfile'), 'source "https://rubygems.org"\ngem "bcrypt"\n')
      appendFileSync(join(root.path, 'app/Gemfile.lock'), '\nBUNDLED WITH\n   4.0.1\n')
      await root.type('apt-get update && apt-get install -y --no-install-recommends bundler')
      const start = () => root.type("bundle exec ruby -e 'require %q(bcrypt)'")
      await expect(start()).rejects.toThrow("Could not find 'bundler' (4.0.1)")
      expect(await mendRoot(root, 'BUNDLER_ABSENT')).toEqual(["sed -i '/^BUNDLED WITH$/,$d' Gemfile.lock"])
      await start()
    } finally {
      root.remove()
    }
  },
)
