import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { BezelError } from '../errors.ts'
import { readConfigFile } from './read-config-file.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'bezel-file-')))
afterAll(() => rmSync(root, { recursive: true }))

let files = 0
function write(bytes: Buffer): string {
  const path = join(root, `${++files}.yml`)
  writeFileSync(path, bytes)
  return path
}

test.each([
  ['Latin-1', Buffer.from('# x\n# café\n', 'latin1'), '2:6: is not UTF-8'],
  ['a character that is cut', Buffer.from('# caf\xc3', 'latin1'), '1:6: is not UTF-8'],
  ['UTF-16', Buffer.from('\ufeffworkers: {}\n', 'utf16le'), '1:1: is UTF-16; write it as UTF-8'],
  ['a NUL byte', Buffer.from('a: 1\nb: \0\n'), '2:4: is no text: it holds a NUL byte'],
])('a file with %s is refused at its place', (_what, bytes, mistake) => {
  const path = write(bytes)
  const { file, problems } = readConfigFile(path, true)
  expect(file).toBeNull()
  expect(problems.map(({ place, message }) => `${place}: ${message}`)).toEqual([`${path}:${mistake}`])
})

test('UTF-8 is read with and without a byte order mark', () => {
  for (const text of ['a: é\n', '\ufeffa: é\n']) expect(readConfigFile(write(Buffer.from(text)), true).file?.root).toEqual({ a: 'é' })
})

test('what is no file, or can not be opened, is said', () => {
  const folder = join(root, 'folder')
  mkdirSync(folder)
  const loop = join(root, 'loop.yml')
  symlinkSync(loop, loop)
  const messageOf = (path: string, isRequired: boolean) => {
    try {
      readConfigFile(path, isRequired)
    } catch (error) {
      if (error instanceof BezelError && error.code === 'CONFIG_INVALID') return error.message
    }
    return null
  }
  expect(messageOf(folder, false)).toContain("folder can't be read: it is a folder")
  expect(messageOf(loop, false)).toContain('ELOOP')
  expect(messageOf(join(root, 'none.yml'), true)).toContain('there is no such file')
  expect(messageOf(join(root, 'none.yml'), false)).toBeNull()
})

test('a bezel.yaml is not passed over in silence', () => {
  const folder = join(root, 'other')
  mkdirSync(folder)
  const path = join(folder, 'bezel.yml')
  expect(readConfigFile(path, false)).toEqual({ file: null, problems: [] })
  writeFileSync(join(folder, 'bezel.yaml'), '')
  expect(readConfigFile(path, false).problems).toMatchObject([{ message: 'is not read; call it bezel.yml, or name it with --config' }])
  writeFileSync(path, '')
  expect(readConfigFile(path, false).problems).toEqual([])
})
