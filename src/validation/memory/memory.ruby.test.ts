import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { systemClock } from '../../system/clock.ts'
import { DiskTree } from '../files/disk-tree.ts'
import { validationDefaults, type ValidationSettings } from '../options.ts'
import { VersionValidator } from '../version-validator.ts'
import { ReportFile } from './report-memory.ts'

let made: TinyApp
let app: TinyApp
let folder = ''
let file = ''
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
beforeEach(() => {
  app = made.copy()
  folder = mkdtempSync(join(tmpdir(), 'bezel-memory-'))
  file = join(folder, 'validation.json')
})
afterEach(() => {
  app.remove()
  rmSync(folder, { recursive: true })
})

/** A tree that counts what is read of the app's gems. */
class CountingTree extends DiskTree {
  static reads = 0

  override open(path: string) {
    if (path.startsWith(app.home)) CountingTree.reads += 1
    return super.open(path)
  }

  override list(path: string) {
    if (path.startsWith(app.home)) CountingTree.reads += 1
    return super.list(path)
  }
}

function createValidator(settings: Partial<ValidationSettings> = {}): VersionValidator {
  const complete = { ...validationDefaults, appPath: app.path, env: app.env, probe: false, ...settings }
  const around = { memory: new ReportFile(file), openTree: (root: string | null) => new CountingTree(root) }
  return new VersionValidator(complete, { clock: systemClock, random: Math.random, emit: () => {} }, around)
}

async function validate(settings: Partial<ValidationSettings> = {}): Promise<{ verdict: string; reads: number }> {
  CountingTree.reads = 0
  const { verdict } = await createValidator(settings).validate()
  return { verdict, reads: CountingTree.reads }
}

const isRead = { verdict: 'compatible', reads: expect.toSatisfy((reads: number) => reads > 5) }
const isRemembered = { verdict: 'compatible', reads: 0 }

describe('a second start', () => {
  test('reads nothing of a bundle that has not changed, and says the same', async () => {
    const first = await createValidator().validate()
    const second = await createValidator().validate()
    expect({ ...second, tookMs: 0 }).toEqual({ ...first, tookMs: 0 })
    expect(await validate()).toEqual(isRemembered)
  })

  test.each([
    ['touched', () => utimesSync(app.loaded, new Date(), new Date())],
    [
      'replaced by a file of the same bytes and time',
      () => {
        copyFileSync(app.loaded, `${app.loaded}.fresh`)
        renameSync(`${app.loaded}.fresh`, app.loaded)
      },
    ],
    ['given a lock with one more line', () => writeFileSync(join(app.path, 'Gemfile.lock'), '\n', { flag: 'a' })],
    ['given a file that nobody had found before', () => writeFileSync(join(app.path, '.ruby-version'), '3.1\n')],
    ['given one more specification', () => writeFileSync(join(app.home, 'specifications/new-1.0.gemspec'), '# stub: new 1.0 ruby lib\n\n')],
  ])('reads again what was %s', async (_what, change) => {
    await validate()
    change()
    expect(await validate()).toMatchObject({ reads: isRead.reads })
  })

  test('sees an extension that is broken now', async () => {
    await validate()
    writeFileSync(app.loaded, '')
    expect((await validate()).verdict).toBe('incompatible')
    expect((await validate()).reads).toBeGreaterThan(0)
  })

  test('with other settings or another environment reads again', async () => {
    await validate()
    expect(await validate({ env: { ...app.env, LD_LIBRARY_PATH: '/opt/lib' } })).toEqual(isRead)
    expect(await validate({ ignore: [{ code: 'ORIGIN_UNKNOWN', gem: 'a', reason: 'b', until: '2999-01-01' }] })).toEqual(isRead)
    expect(await validate({ probe: true })).toEqual(isRead)
    expect(await validate({ probe: true })).toEqual(isRemembered)
  })

  test('with another terminal or invocation does not', async () => {
    await validate()
    expect(await validate({ env: { ...app.env, INVOCATION_ID: '1', SSH_TTY: '/dev/pts/9' } })).toEqual(isRemembered)
  })

  test('does not believe a memory that was damaged, and mends it', async () => {
    await validate()
    writeFileSync(file, readFileSync(file, 'utf8').replace('compatible', 'xompatible'))
    expect(await validate()).toEqual(isRead)
    expect(await validate()).toEqual(isRemembered)
  })
})

describe('a validator that goes on living', () => {
  test('tells whether what it judged has changed', async () => {
    const validator = createValidator()
    expect(validator.hasChanged()).toBe(false)
    await validator.validate()
    expect(validator.hasChanged()).toBe(false)
    utimesSync(app.loaded, new Date(), new Date())
    expect(validator.hasChanged()).toBe(true)
    await validator.validate()
    expect(validator.hasChanged()).toBe(false)
  })

  test('tells it of what it remembered too, and of what it refused', async () => {
    await validate()
    const validator = createValidator()
    await validator.validate()
    writeFileSync(app.loaded, '')
    expect(validator.hasChanged()).toBe(true)
    expect((await validator.validate()).verdict).toBe('incompatible')
    expect(validator.hasChanged()).toBe(false)
  })
})
