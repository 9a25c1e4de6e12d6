import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canMakeRubies, placeGem, rubies, slimRoot } from '../../test/fixtures/rubies/slim-root.ts'
import { runBezel } from '../../test/support/run-bezel.ts'

const bezel = join(import.meta.dirname, '../../bin')
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel archive-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test.skipIf(!canMakeRubies())('an archive is no root, and becomes one by what is printed', { timeout: 300_000 }, async () => {
  const made = rubies()
  const root = slimRoot(made, '3.1')
  const archive = join(folder, 'image.tar')
  try {
    placeGem(made, root, '3.1', { gem: 'bcrypt', builtFor: '3.1', linksLibruby: true, debugInfo: true, folderOf: '3.1' })
    // Its files are hard links, which other tests make and remove meanwhile: 1 says that such a count changed.
    const { status, stderr } = spawnSync('tar', ['-C', root.path, '-cf', archive, '.'], { encoding: 'utf8' })
    if (status === null || status > 1) throw new Error(`tar ended with ${status}: ${stderr}`)
  } finally {
    root.remove()
  }
  const { code, stderr } = await runBezel(['doctor', '--root', archive], { cwd: folder, env: process.env })
  expect(code).toBe(65)
  const lines = [...stderr.matchAll(/^(?: {2}try:| {6}) (.*)$/gm)].map(([, line = '']) => line)
  expect(lines).toEqual([`mkdir root && tar -xf '${archive}' -C root`, 'bezel doctor --root root'])
  const env = { ...process.env, PATH: `${bezel}:${process.env['PATH'] ?? ''}` }
  const printed = lines.map((line) => execFileSync('/bin/sh', ['-c', line], { cwd: folder, env, encoding: 'utf8' }))
  expect(printed.at(-1)).toContain('\ncompatible: nothing found')
})
