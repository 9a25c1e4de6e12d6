import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { copyRoot, type RootCopy } from '../../../test/fixtures/rubies/root-copy.ts'
import { canMakeRubies, rubies } from '../../../test/fixtures/rubies/slim-root.ts'
import { bundleGem, mendRoot, validateRoot, writeLock } from '../../../test/support/mend-root.ts'

describe.skipIf(!canMakeRubies())('in a real Debian, the printed commands', { timeout: 300_000 }, () => {
  let folder = ''
  let root: RootCopy
  beforeAll(() => {
    folder = rubies()
  }, 600_000)
  beforeEach(() => {
    root = copyRoot(folder, 'bookworm')
    mkdirSync(join(root.path, 'app'))
  })
  afterEach(() => root.remove())

  test('install a missing system library, also where the lists of packages are gone, as in images', async () => {
    bundleGem(root, 'pg', '3.1.0')
    expect((await validateRoot(root)).verdict).toBe('compatible')
    await root.type('dpkg --purge --force-depends libpq5')
    const lists = join(root.path, 'var/lib/apt/lists')
    rmSync(lists, { recursive: true })
    mkdirSync(join(lists, 'partial'), { recursive: true })
    expect(await mendRoot(root, 'LIBRARY_ABSENT')).toEqual(['apt-get update', 'apt-get install -y libpq5'])
  })

  describe('bring back a system library', () => {
    const libraries = () => join(root.path, 'usr/lib/x86_64-linux-gnu')
    const files = () => readdirSync(libraries()).filter((name) => name.startsWith('libpq.so'))
    const file = () => join(libraries(), files().at(-1) ?? '')
    beforeEach(() => bundleGem(root, 'pg', '3.1.0'))

    test('whose package is installed and whose files are gone', async () => {
      for (const name of files()) rmSync(join(libraries(), name))
      expect(await mendRoot(root, 'LIBRARY_ABSENT')).toEqual(['apt-get install --reinstall -y libpq5'])
    })

    test('that was emptied', async () => {
      rmSync(file())
      writeFileSync(file(), '')
      expect(await mendRoot(root, 'LIBRARY_DAMAGED')).toEqual(['apt-get install --reinstall -y libpq5'])
    })

    test('of another release of Debian in its place', async () => {
      rmSync(file())
      copyFileSync(join(folder, 'bullseye/usr/lib/x86_64-linux-gnu/libpq.so.5'), file())
      expect(await mendRoot(root, 'LIBRARY_ABSENT')).toEqual(['apt-get install --reinstall -y libpq5'])
    })

    test('that is there and that the loader was not told of', async () => {
      for (const name of files()) renameSync(join(libraries(), name), join(root.path, 'usr/local/lib', name))
      expect(await mendRoot(root, 'LIBRARY_ABSENT')).toEqual(['ldconfig'])
    })

    test('that a library lacks, among packages that dpkg was forced to leave broken', async () => {
      await root.type('dpkg --purge --force-depends libldap-2.5-0 libgcc-12-dev')
      expect(await mendRoot(root, 'LIBRARY_ABSENT')).toEqual([
        'apt-get --fix-broken install -y',
        'apt-get install --reinstall -y libldap-2.5-0 libpq5',
      ])
    })

    test('that no table knows, as apt-file finds it', async () => {
      const built = join(root.path, 'app/vendor/bundle/ruby/3.1.0/gems/pg-1.5.9/lib/pg_ext.so')
      execFileSync('patchelf', ['--add-needed', 'libpcap.so.0.8', built])
      expect(await mendRoot(root, 'LIBRARY_ABSENT')).toHaveLength(3)
    })
  })

  test('install Ruby over itself when its own library is gone', async () => {
    bundleGem(root, 'pg', '3.1.0')
    const libraries = join(root.path, 'usr/lib/x86_64-linux-gnu')
    for (const name of readdirSync(libraries).filter((each) => each.startsWith('libruby-3.1.so'))) rmSync(join(libraries, name))
    expect(await mendRoot(root, 'RUBY_BROKEN')).toEqual(['apt-get install --reinstall -y ruby3.1 libruby3.1'])
    expect(await root.type('ruby --version')).toContain('ruby 3.1')
  })

  test('install Ruby over itself when a gem that came with it has a compiled file of another Ruby, or none', async () => {
    writeLock(root, 'bigdecimal', '3.1.1')
    expect(await validateRoot(root)).toMatchObject({ verdict: 'compatible', extensions: 1 })
    const file = join(root.path, 'usr/lib/x86_64-linux-gnu/ruby/3.1.0/bigdecimal.so')
    rmSync(file)
    copyFileSync(join(folder, 'bullseye/usr/lib/x86_64-linux-gnu/ruby/2.7.0/bigdecimal.so'), file)
    expect((await validateRoot(root)).findings.map(({ code }) => code)).toEqual(['BUILT_FOR_OTHER_RUBY'])
    rmSync(file)
    writeFileSync(file, '')
    expect(await mendRoot(root, 'EXTENSION_TRUNCATED')).toEqual(['apt-get install --reinstall -y ruby3.1 libruby3.1'])
  })

  test.each([
    ['its standard library is gone', 'rm -r /usr/lib/ruby/3.1.0'],
    ['only its link is left', 'rm /usr/bin/ruby3.1'],
    ['it was emptied', 'rm /usr/bin/ruby3.1 && install -m 755 /dev/null /usr/bin/ruby3.1'],
  ])('install Ruby over itself when %s', async (_title, damage) => {
    bundleGem(root, 'bcrypt', '3.1.0')
    await root.type(damage)
    expect(await mendRoot(root, 'RUBY_BROKEN')).toEqual(['apt-get install --reinstall -y ruby3.1 libruby3.1'])
    expect(await root.type("ruby -rset -e 'print RUBY_VERSION'")).toBe('3.1.2')
  })

  test('install a compiler before a gem is compiled again, where an image came without', async () => {
    bundleGem(root, 'bcrypt', '3.1.0')
    writeFileSync(join(root.path, 'app/Gemfile'), 'source "https://rubygems.org"\ngem "bcrypt"\n')
    await root.type('apt-get purge -y gcc gcc-12 make ruby3.1-dev')
    const file = join(root.path, 'app/vendor/bundle/ruby/3.1.0/gems/bcrypt-3.1.20/lib/bcrypt_ext.so')
    writeFileSync(file, '')
    const remedy = await mendRoot(root, 'EXTENSION_TRUNCATED')
    expect(remedy[0]).toBe('apt-get install -y build-essential ruby3.1-dev')
  })

  test('open a compiled file that nobody may read', async () => {
    bundleGem(root, 'bcrypt', '3.1.0')
    const file = 'vendor/bundle/ruby/3.1.0/gems/bcrypt-3.1.20/lib/bcrypt_ext.so'
    chmodSync(join(root.path, 'app', file), 0)
    expect(await mendRoot(root, 'EXTENSION_UNREADABLE')).toEqual([`chmod a+rX ${file}`])
  })

  test("install a packaged gem over itself, under its package's own name", async () => {
    await root.type('apt-get install -y --no-install-recommends ruby-bcrypt')
    const [version = ''] = /\d+\.\d+\.\d+/.exec(await root.type('dpkg-query -W ruby-bcrypt')) ?? []
    writeLock(root, 'bcrypt', version)
    expect(await validateRoot(root)).toMatchObject({ verdict: 'compatible', extensions: 1 })
    const file = join(root.path, (await root.type('dpkg -L ruby-bcrypt | grep bcrypt_ext.so')).trim())
    rmSync(file)
    writeFileSync(file, '')
    expect(await mendRoot(root, 'EXTENSION_TRUNCATED')).toEqual(['apt-get install --reinstall -y ruby-bcrypt'])
  })
})
