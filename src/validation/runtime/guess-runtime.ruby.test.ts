import { expect, test } from 'vitest'
import { DiskTree } from '../files/disk-tree.ts'
import { guessRuntime } from './guess-runtime.ts'
import { askMachine } from './locate-runtime.ts'

const path = process.env['PATH'] ?? ''

test.each([
  ['plain', {}],
  ['with GEM_HOME, as in the official images', { GEM_HOME: '/usr/local/bundle' }],
  ['with GEM_HOME and GEM_PATH, as chruby sets them', { GEM_HOME: '/tmp', GEM_PATH: '/tmp:/opt/gems' }],
  ['with a folder for data of its own', { XDG_DATA_HOME: '/srv' }],
  ['without a home', { HOME: '/nonexistent' }],
])('what is guessed of this machine is what Ruby says, %s', async (_what, more) => {
  const where = { root: null, appPath: '/', rubyPath: null, env: { PATH: path, HOME: process.env['HOME'] ?? '/root', ...more } }
  const [said, guessed] = [await askMachine(where), guessRuntime(new DiskTree(null), where)]
  expect(said).toEqual({ tag: 'Runtime', runtime: guessed })
  // They are compared as texts.
  expect(JSON.stringify(said)).toBe(JSON.stringify({ tag: 'Runtime', runtime: guessed }))
})

test('nothing is guessed without an interpreter that can be read', () => {
  const guess = (env: Readonly<Record<string, string>>, rubyPath: string | null) =>
    guessRuntime(new DiskTree(null), { root: null, appPath: '/', rubyPath, env })
  expect(guess({ PATH: '/nonexistent:relative' }, null)).toBeNull()
  expect(guess({}, '/nonexistent/ruby')).toBeNull()
  expect(guess({ PATH: import.meta.dirname }, 'guess-runtime.ts')).toBeNull()
})
