import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFiles } from '../../../test/support/write-files.ts'
import { afterAll, expect, test } from 'vitest'
import { BezelError } from '../../errors.ts'
import { chooseServer } from './choose-server.ts'
import { detectApp } from './detect-app.ts'
import { detectPort, detectWorkerCount } from './detect-defaults.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'bezel-app-')))
afterAll(() => rmSync(root, { recursive: true }))

let apps = 0
function makeApp(files: Readonly<Record<string, string>>): string {
  const folder = join(root, `app${++apps}`)
  writeFiles(folder, files)
  return folder
}

function lock(gems: readonly string[], direct = gems): string {
  return `GEM\n  remote: https://rubygems.org/\n  specs:\n${gems.map((gem) => `    ${gem} (1.2.3)\n`).join('')}\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n${direct.map((gem) => `  ${gem}\n`).join('')}\nBUNDLED WITH\n   2.4.0\n`
}

function errorOf(call: () => unknown): BezelError {
  try {
    call()
  } catch (error) {
    if (error instanceof BezelError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

test('a folder is an app by its config.ru or Gemfile, or because a command is given', () => {
  expect(detectApp(makeApp({ 'config.ru': 'run 1' }), false).framework).toBe('rack')
  expect(detectApp(makeApp({ Gemfile: '' }), false).framework).toBe('unknown')
  expect(detectApp(makeApp({ 'config.ru': '', 'config/application.rb': '' }), false).framework).toBe('rails')
  expect(detectApp(makeApp({ 'config.ru': '', 'Gemfile.lock': lock(['railties']) }), false).framework).toBe('rails')
  expect(detectApp(makeApp({}), true).framework).toBe('unknown')
  const error = errorOf(() => detectApp(makeApp({ README: '' }), false))
  expect(error.code).toBe('CONFIG_INVALID')
  expect(error.message).toContain('neither a config.ru nor a Gemfile')
  expect(error.remedy.join()).toContain('bezel run -- COMMAND')
  expect(errorOf(() => detectApp(join(root, 'nowhere'), false)).message).toContain('there is no folder')
})

test('its path is the real one', () => {
  const folder = makeApp({ 'config.ru': '' })
  symlinkSync(folder, join(root, 'link'))
  expect(detectApp(join(root, 'link'), false).path).toBe(folder)
})

test('a lock with conflict markers is named with its line', () => {
  const error = errorOf(() => detectApp(makeApp({ Gemfile: '', 'Gemfile.lock': `GEM\n<<<<<<< HEAD\n` }), false))
  expect(error.code).toBe('DATA_UNREADABLE')
  expect(error.message).toMatch(/Gemfile\.lock:2: /)
})

test('the server is the one in the lock; what was added beside Puma wins over it', () => {
  const choose = (text: string) => chooseServer(detectApp(makeApp({ Gemfile: '', 'Gemfile.lock': text }), false), 'auto', null)
  expect(choose(lock(['puma']))).toMatchObject({ tag: 'Known', server: 'puma', version: '1.2.3', from: 'Gemfile.lock names puma 1.2.3' })
  expect(choose(lock(['puma', 'iodine']))).toMatchObject({ server: 'iodine', from: 'Gemfile.lock names iodine 1.2.3, before puma' })
  expect(choose(lock(['puma', 'iodine'], ['puma']))).toMatchObject({ server: 'puma' })
})

test('a command or a name decides before the lock does', () => {
  const app = detectApp(makeApp({ Gemfile: '', 'Gemfile.lock': lock(['puma']) }), false)
  expect(chooseServer(app, 'auto', ['rackup'])).toEqual({ tag: 'Command', command: ['rackup'], server: null, from: 'a command was given' })
  expect(chooseServer(app, 'puma', ['bin/web'])).toMatchObject({ tag: 'Command', server: 'puma' })
  expect(chooseServer(app, 'falcon', null)).toMatchObject({ tag: 'Known', server: 'falcon', version: null })
})

test('without any of them it says what to do', () => {
  const error = errorOf(() => chooseServer(detectApp(makeApp({ 'config.ru': '' }), false), 'auto', null))
  expect(error.code).toBe('SERVER_NOT_FOUND')
  expect(error.message).toContain('there is no Gemfile.lock')
  expect(error.remedy[0]).toBe('bundle lock')
})

test('workers are as many as CPUs, within reason, unless WEB_CONCURRENCY says otherwise', () => {
  expect(detectWorkerCount({}, 4)).toEqual({ value: 4, origin: { tag: 'Detected', from: '4 CPUs may be used' } })
  expect(detectWorkerCount({}, 96).value).toBe(16)
  expect(detectWorkerCount({ WEB_CONCURRENCY: '3' }, 8)).toEqual({ value: 3, origin: { tag: 'Variable', variable: 'WEB_CONCURRENCY' } })
  expect(detectWorkerCount({ WEB_CONCURRENCY: '0' }, 8).value).toBe(1)
  expect(detectWorkerCount({ WEB_CONCURRENCY: 'auto' }, 8).value).toBe(8)
})

test('PORT is taken when it is a port', () => {
  expect(detectPort({ PORT: '8080' })).toEqual({ value: 8080, origin: { tag: 'Variable', variable: 'PORT' } })
  expect(detectPort({ PORT: 'tcp://10.0.0.1:80' }).value).toBe(3000)
  expect(detectPort({})).toEqual({ value: 3000, origin: { tag: 'Default' } })
})
