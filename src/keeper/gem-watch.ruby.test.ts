import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../test/fixtures/tiny-gem/tiny-app.ts'
import type { ValidationConfig } from '../config/config.ts'
import type { BezelEvent } from '../events.ts'
import { systemClock } from '../system/clock.ts'
import { validationDefaults } from '../validation/options.ts'
import { GemWatch } from './gem-watch.ts'
import type { Log } from './log/log.ts'

let made: TinyApp
let app: TinyApp
let folder = ''
let said: string[] = []
let told: BezelEvent[] = []
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
beforeEach(() => {
  app = made.copy()
  folder = mkdtempSync(join(tmpdir(), 'bezel-gems-'))
  said = []
  told = []
})
afterEach(() => {
  app.remove()
  rmSync(folder, { recursive: true })
})

function watch(mode: ValidationConfig['mode']): GemWatch {
  const log: Log = {
    place: { fd: 2, format: 'json', level: 'debug' },
    fact: () => {},
    message: (level, message, fields, shown = fields) => void said.push([level, message, ...Object.keys(shown ?? {})].join(' ')),
    failure: (error) => void said.push(`error ${error instanceof Error ? error.message : ''}`),
    output: () => {},
    dropped: () => 0,
    close: () => Promise.resolve(),
  }
  const outside = { clock: systemClock, random: Math.random, emit: (event: BezelEvent) => void told.push(event) }
  const settings = { ...validationDefaults, appPath: app.path, env: app.env, probe: false }
  return new GemWatch({ mode, settings }, outside, log, join(folder, 'validation.json'))
}

const validations = () => told.filter(({ tag }) => tag === 'ValidationFinished').length
const spoil = () => writeFileSync(app.loaded, '')

test('gems that have not changed are not validated again', async () => {
  const gems = watch('enforce')
  expect(await gems.validate()).toBe(true)
  expect(await gems.mayReplace()).toBe(true)
  gems.runStarts(1)
  expect(validations()).toBe(1)
})

test('changed gems are validated once, however many ask at the same time', async () => {
  const gems = watch('enforce')
  await gems.validate()
  utimesSync(app.loaded, new Date(), new Date())
  gems.runStarts(1)
  expect(await Promise.all([gems.mayReplace(), gems.mayReplace()])).toEqual([true, true])
  expect(validations()).toBe(2)
})

test('changed gems that do not fit replace nobody where that is enforced, and a start with them is told', async () => {
  const gems = watch('enforce')
  await gems.validate()
  spoil()
  expect(await gems.mayReplace()).toBe(false)
  expect(said.filter((line) => line.includes('no worker is replaced'))).toHaveLength(1)
  gems.runStarts(2)
  expect(said.at(-1)).toBe('error worker 2 was started with gems that do not fit: its run before had ended')
  expect(gems.report?.verdict).toBe('incompatible')
})

test('where they only warn, they replace, and are told', async () => {
  const gems = watch('warn')
  await gems.validate()
  spoil()
  expect(await gems.mayReplace()).toBe(true)
  expect(said.filter((line) => line.includes('tiny_ext'))).toEqual([expect.stringMatching(/^warn tiny_ext: .* try$/)])
  expect(told.filter(({ tag }) => tag === 'GemRefused')).toEqual([])
})

test('where it is enforced, a gem that does not fit is told once, with its evidence', async () => {
  const gems = watch('enforce')
  spoil()
  expect(await gems.validate()).toBe(false)
  const refused = told.flatMap((fact) => (fact.tag === 'GemRefused' ? [fact] : []))
  expect(refused).toMatchObject([{ gem: 'tiny_ext', evidence: [{ where: app.loaded }] }])
  expect(said.filter((line) => line.includes('tiny_ext'))).toEqual([])
})

test('what can not be validated any more replaces nobody where that is enforced', async () => {
  const gems = watch('enforce')
  await gems.validate()
  rmSync(app.path, { recursive: true })
  expect(await gems.mayReplace()).toBe(false)
  expect(said).toContainEqual(expect.stringMatching(/^error .*app/))
})

test('where validation is off, nothing is looked at', async () => {
  const gems = watch('off')
  expect(await gems.validate()).toBe(true)
  spoil()
  expect(await gems.mayReplace()).toBe(true)
  gems.runStarts(1)
  expect({ told, said, report: gems.report }).toEqual({ told: [], said: [], report: null })
})
