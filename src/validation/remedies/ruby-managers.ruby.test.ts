import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeManagedRoot, type Managed, type ManagedRoot } from '../../../test/fixtures/ruby-managers/managed-root.ts'
import { canMakeRubies, rubies } from '../../../test/fixtures/rubies/slim-root.ts'

/** How each takes and chooses a Ruby, and where it keeps it. */
const managers = {
  rbenv: {
    take: (version: string) => [`rbenv install --skip-existing ${version}`, `rbenv local ${version}`],
    again: (version: string) => `rbenv install --force ${version}`,
    kept: 'root/.rbenv/versions',
  },
  mise: {
    take: (version: string) => [`mise use ruby@${version}`],
    again: (version: string) => `mise install --force ruby@${version}`,
    kept: 'root/.local/share/mise/installs/ruby',
  },
} as const

const cases: readonly (readonly [Managed, keyof typeof managers])[] = [
  ['rbenv', 'rbenv'],
  ['mise by shims', 'mise'],
  ['mise that is activated', 'mise'],
]

describe.skipIf(!canMakeRubies())('the printed commands, with two real Rubies', { timeout: 300_000 }, () => {
  let folder = ''
  let root: ManagedRoot
  beforeAll(() => {
    folder = rubies()
  }, 600_000)
  afterEach(() => root.remove())

  async function mend(code: string): Promise<readonly string[]> {
    const { verdict, findings } = await root.doctor()
    expect(verdict).toBe('incompatible')
    const remedy = findings.find((finding) => finding.code === code)?.remedy ?? []
    for (const line of remedy) await root.type(line)
    expect(await root.doctor()).toMatchObject({ verdict: 'compatible', findings: [], ruby: { version: '3.1.2' }, extensions: 1 })
    await root.type(`bundle exec ruby -e 'require "bcrypt"; BCrypt::Password.create("x", cost: 4)'`)
    return remedy
  }

  test.each(cases)('put the wanted one in force, over itself, and a gem right, under %s', async (managed, manager) => {
    const { take, again, kept } = managers[manager]
    root = await makeManagedRoot(folder, managed)
    for (const line of [...take('2.7.4'), 'bundle install --quiet']) await root.type(line)
    expect(await root.doctor()).toMatchObject({ verdict: 'compatible', ruby: { version: '2.7.4' }, extensions: 1 })

    writeFileSync(join(root.path, 'app/Gemfile'), 'source "file:///src"\nruby "3.1.2"\ngem "bcrypt"\n')
    // mise has a file of its own, and may not read this one.
    writeFileSync(join(root.path, 'app/.ruby-version'), '2.7.4\n')
    const others = manager === 'mise' ? ['echo 3.1.2 > .ruby-version'] : []
    expect(await mend('GEMFILE_RUBY_DIFFERS')).toEqual([...take('3.1.2'), ...others, 'bundle install'])

    // As after an update of the system: the interpreter needs a library that is not there any more.
    const ruby = join(root.path, kept, '3.1.2/bin/ruby')
    rmSync(ruby)
    cpSync(join(root.path, 'usr/bin/ruby3.1'), ruby)
    execFileSync('patchelf', ['--replace-needed', 'libruby-3.1.so.3.1', 'libruby-3.0.so.3.0', ruby])
    expect(await mend('RUBY_BROKEN')).toEqual([again('3.1.2')])

    // What the other Ruby compiled is still in its own folder.
    await root.type('cd vendor/bundle/ruby && cp 2.7.0/gems/bcrypt-*/lib/bcrypt_ext.so 3.1.0/gems/bcrypt-*/lib/')
    expect(await mend('BUILT_FOR_OTHER_RUBY')).toEqual(['bundle pristine bcrypt'])

    for (const line of take('2.7.4')) await root.type(line)
    expect(await root.type('/bezel/bin/bezel doctor --fix --yes')).toContain('Mended: compatible.')
  })
})
