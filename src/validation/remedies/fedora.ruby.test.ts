import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { copyRoot, type RootCopy } from '../../../test/fixtures/rubies/root-copy.ts'
import { canMakeRubies, rubies, versions } from '../../../test/fixtures/rubies/slim-root.ts'
import { bundleGem, mendRoot, validateRoot, writeLock } from '../../../test/support/mend-root.ts'

const makeRpmRoot = fileURLToPath(new URL('../../../test/fixtures/rubies/make-rpm-root.sh', import.meta.url))

describe.skipIf(!canMakeRubies())('where rpm and dnf look after Ruby, the printed commands', { timeout: 300_000 }, () => {
  let folder = ''
  let root: RootCopy
  beforeAll(() => {
    folder = rubies()
    execFileSync(makeRpmRoot, [folder], { stdio: ['ignore', 'inherit', 'inherit'] })
  }, 900_000)
  beforeEach(() => {
    root = copyRoot(folder, 'rpm')
    mkdirSync(join(root.path, 'app'))
  })
  afterEach(() => root.remove())

  test('install a missing system library', async () => {
    bundleGem(root, 'pg', '3.3.0')
    expect((await validateRoot(root)).verdict).toBe('compatible')
    await root.type('rpm -e --nodeps libpq')
    expect(await mendRoot(root, 'LIBRARY_ABSENT')).toEqual(['dnf install -y libpq'])
  })

  test('install a library that no list knows, by what its package provides', async () => {
    bundleGem(root, 'pg', '3.3.0')
    const home = join(root.path, 'app/vendor/bundle/ruby/3.3.0')
    for (const folder of [`gems/pg-${versions.pg}/lib`, `extensions/x86_64-linux-gnu/3.3.0/pg-${versions.pg}`])
      execFileSync('patchelf', ['--add-needed', 'librare.so.1', join(home, folder, 'pg_ext.so')])
    expect(await mendRoot(root, 'LIBRARY_ABSENT')).toEqual(["dnf install -y 'librare.so.1()(64bit)'"])
  })

  test('install Ruby over itself when its own library is gone', async () => {
    bundleGem(root, 'pg', '3.3.0')
    const libraries = join(root.path, 'usr/lib/x86_64-linux-gnu')
    for (const name of readdirSync(libraries).filter((each) => each.startsWith('libruby-3.3.so'))) rmSync(join(libraries, name))
    expect(await mendRoot(root, 'RUBY_BROKEN')).toEqual(['dnf reinstall -y ruby ruby-libs'])
    expect(await root.type('ruby --version')).toContain('ruby 3.3')
  })

  test('install a packaged gem over itself', async () => {
    writeLock(root, 'bcrypt', versions.bcrypt)
    expect(await validateRoot(root)).toMatchObject({ verdict: 'compatible', extensions: 1 })
    const file = join(root.path, `usr/share/gems/gems/bcrypt-${versions.bcrypt}/lib/bcrypt_ext.so`)
    rmSync(file)
    writeFileSync(file, '')
    expect(await mendRoot(root, 'EXTENSION_TRUNCATED')).toEqual(['dnf reinstall -y rubygem-bcrypt'])
  })
})
