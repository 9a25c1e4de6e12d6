import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A checkout whose bundle and sources say what they are. */
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bezel checkout é-'))
  write('build/bezel.cjs', "exports.main = () => console.log('bundle')", 1_000)
  write('src/cli/main.ts', "export const main = (): void => console.log('sources')", 900)
  write('src/cli/doctor.ts', '', 900)
  write('package-lock.json', '{}', 900)
  write('build/sources.txt', 'package-lock.json\nsrc/cli/main.ts\nsrc/cli/doctor.ts', 1_000)
  cpSync(resolve(import.meta.dirname, '../../bin'), join(root, 'bin'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string, seconds: number): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  utimesSync(join(root, path), seconds, seconds)
}

const program = (): string => execFileSync(join(root, 'bin/bezel'), { encoding: 'utf8' }).trim()

test('a bundle that is newer than every source that it was made of is what runs', () => {
  write('src/cli/doctor.test.ts', '', 2_000)
  write('src/new/part.ts', '', 2_000)
  expect(program()).toBe('bundle')
})

test.each(['src/cli/doctor.ts', 'package-lock.json'])('the sources run when one has changed since, or is gone: %s', (path) => {
  write(path, '', 2_000)
  expect(program()).toBe('sources')
  rmSync(join(root, path))
  expect(program()).toBe('sources')
})

test('the sources run where the bundle does not say what it was made of', () => {
  write('build/sources.txt', '', 1_000)
  expect(program()).toBe('sources')
  rmSync(join(root, 'build/sources.txt'))
  expect(program()).toBe('sources')
})

test('the sources run where nothing was bundled yet', () => {
  rmSync(join(root, 'build'), { recursive: true })
  expect(program()).toBe('sources')
})

test('a package has no sources', () => {
  rmSync(join(root, 'src'), { recursive: true })
  expect(program()).toBe('bundle')
})
