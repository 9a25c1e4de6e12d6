import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { put, remedy } from '../../../test/support/remedy-scene.ts'

const path = '/srv/my app/Gemfile.lock'
const plain = `GEM
  specs:
<<<<<<< HEAD
    pg (1.5.9)
=======
    pg (1.5.6)
>>>>>>> other
    rack (2.2.9)
`
const restore = (text: string) => {
  put(path, text)
  return remedy({ tag: 'Lock', path })
}

test.each([
  ['plain', plain],
  ["in Git's style diff3", plain.replace('=======', '||||||| base\n    pg (1.5.4)\n=======')],
  ['twice', plain + plain.replace(/^GEM\n.*\n/, '').replaceAll('rack', 'rake')],
])('amid a merge outside of Git, the commands keep our side, and Bundler reconciles it with the Gemfile: %s', (_title, text) => {
  const [first = '', ...rest] = restore(text)
  expect(rest).toEqual(['bundle lock'])
  const folder = mkdtempSync(join(tmpdir(), 'bezel-lock-'))
  try {
    writeFileSync(join(folder, 'Gemfile.lock'), text)
    execFileSync('/bin/sh', ['-c', first], { cwd: folder })
    const ours = plain.replace(/^(?:<{7}|={7}[^]*>{7}).*\n/gm, '')
    expect(readFileSync(join(folder, 'Gemfile.lock'), 'utf8')).toContain(ours)
    expect(readFileSync(join(folder, 'Gemfile.lock'), 'utf8')).not.toMatch(/[<>=|]{7}|1\.5\.[46]/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what was cut, or is no lock, only a person can restore', () => {
  expect(restore(plain.slice(0, plain.indexOf('>>>>>>>')))).toEqual([expect.stringMatching(/^Put back a Gemfile\.lock/)])
  expect(restore('anything')).toEqual([expect.stringMatching(/^Put back a Gemfile\.lock/)])
})

test('a commit has the lock in Git', () => {
  put('/srv/my app/.git/HEAD')
  expect(restore(plain)).toEqual(['git checkout HEAD -- Gemfile.lock', 'bundle lock'])
})
