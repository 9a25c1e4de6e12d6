import { cpSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addRuby27 } from '../../../test/fixtures/ruby-managers/two-rubies.ts'
import { runInside } from '../../../test/fixtures/rubies/container.ts'
import { copyRoot, type RootCopy } from '../../../test/fixtures/rubies/root-copy.ts'
import { canMakeRubies, rubies, versions } from '../../../test/fixtures/rubies/slim-root.ts'
import { bundleGem, mendRoot, writeLock } from '../../../test/support/mend-root.ts'
import type { SnakeCase } from '../../snake-case.ts'
import type { ValidationReport } from '../validation-report.ts'

describe.skipIf(!canMakeRubies())('the printed commands, as they are typed', { timeout: 300_000 }, () => {
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

  /** Types a line in `/app`, by a user who has no more than what Debian gives to one, or by root. */
  async function type(line: string, user: 'dev' | 'root'): Promise<string> {
    const become = user === 'root' ? [] : ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups']
    const env = { HOME: user === 'root' ? '/root' : '/home/dev', USER: user, DEBIAN_FRONTEND: 'noninteractive' }
    const { code, stdout, stderr } = await runInside(root.path, env, [...become, '/bin/sh', '-c', `cd /app && ${line}`])
    if (code !== 0 && code !== 78) throw new Error(`${line} (${code}): ${stdout}${stderr}`)
    return stdout
  }

  /** Types what is printed against every error; afterwards the app must be healthy. */
  async function mend(user: 'dev' | 'root'): Promise<readonly string[]> {
    const report = async () => JSON.parse(await type('/bezel/bin/bezel doctor --format json', user)) as SnakeCase<ValidationReport>
    const { verdict, findings } = await report()
    expect(verdict).toBe('incompatible')
    const lines = findings.filter(({ severity }) => severity === 'error').flatMap(({ remedy }) => remedy)
    for (const line of lines) await type(line, user)
    expect((await report()).verdict).toBe('compatible')
    return lines
  }

  test.each([
    [
      'sudo',
      "apt-get install -y --no-install-recommends sudo && echo 'dev ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/dev",
      (line: string) => `sudo ${line}`,
    ],
    ['su', 'passwd -d root', (line: string) => `su -c '${line}'`],
  ] as const)('become root by %s for what the user may not do', async (_by, prepare, rooted) => {
    bundleGem(root, 'pg', '3.1.0')
    await root.type(`useradd --create-home --uid 1000 dev && ${prepare}`)
    await root.type('dpkg --purge --force-depends libpq5')
    // As root left it who installed the gems with a careful umask.
    const lib = `vendor/bundle/ruby/3.1.0/gems/bcrypt-${versions.bcrypt}/lib`
    await root.type(`chown -R root: . && chmod 600 ${lib}/bcrypt_ext.so`)
    writeFileSync(
      join(root.path, 'app/Gemfile.lock'),
      `GEM\n  remote: https://rubygems.org/\n  specs:\n    bcrypt (${versions.bcrypt})\n    pg (${versions.pg})\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  bcrypt\n  pg\n`,
    )
    const lines = await mend('dev')
    expect(lines.toSorted()).toEqual([rooted('apt-get install -y libpq5'), rooted(`chmod a+rX ${lib}/bcrypt_ext.so`)].toSorted())
  })

  test('install Bundler first, where there is none', async () => {
    const gem = `bcrypt-${versions.bcrypt}.gem`
    mkdirSync(join(root.path, 'src/gems'), { recursive: true })
    cpSync(join(folder, gem), join(root.path, 'src/gems', gem))
    await root.type('gem3.1 generate_index --directory /src')
    writeLock(root, 'bcrypt', versions.bcrypt)
    writeFileSync(join(root.path, 'app/Gemfile'), 'source "file:///src"\ngem "bcrypt"\n')
    writeFileSync(join(root.path, 'app/.bundle/config'), '---\nBUNDLE_PATH: "vendor/bundle"\n')
    for (const name of ['bundle3.1', 'bundler3.1']) rmSync(join(root.path, 'usr/bin', name))
    expect(await mend('root')).toEqual(['apt-get install -y bundler', 'bundle install'])
  })

  test.each([
    ['has no plain name', '2.7', '/usr/bin/ruby2.7', '/usr/bin/bundle2.7 pristine bcrypt'],
    ['comes second on PATH', '3.1', '/usr/bin/ruby', 'PATH=/usr/bin:$PATH bundle3.1 pristine bcrypt'],
  ] as const)('are those of the judged Ruby, when it %s', async (_title, minor, ruby, line) => {
    addRuby27(folder, root.path)
    if (minor === '3.1')
      for (const tool of ['ruby', 'gem', 'bundle']) symlinkSync(`/usr/bin/${tool}2.7`, join(root.path, 'usr/local/bin', tool))
    writeFileSync(join(root.path, 'app/Gemfile'), 'source "https://rubygems.org"\ngem "bcrypt"\n')
    bundleGem(root, 'bcrypt', `${minor}.0`, join(folder, minor === '2.7' ? 'bullseye' : 'bookworm'))
    for (const file of [`gems/bcrypt-${versions.bcrypt}/lib`, `extensions/x86_64-linux/${minor}.0/bcrypt-${versions.bcrypt}`])
      truncateSync(join(root.path, `app/vendor/bundle/ruby/${minor}.0`, file, 'bcrypt_ext.so'))
    expect(await mendRoot(root, 'EXTENSION_TRUNCATED', ruby)).toEqual([line])
  })
})
