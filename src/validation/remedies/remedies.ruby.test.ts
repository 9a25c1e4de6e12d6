import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { systemClock } from '../../system/clock.ts'
import { validationDefaults } from '../options.ts'
import type { ValidationReport } from '../validation-report.ts'
import { VersionValidator } from '../version-validator.ts'

type Way = Parameters<typeof createTinyApp>[0]
const made = new Map<Way, TinyApp>()
beforeAll(() => {
  for (const way of ['bundler', 'git', 'rubygems'] as const) made.set(way, createTinyApp(way))
})
afterAll(() => {
  for (const app of made.values()) app.remove()
})

let open: TinyApp | null = null
afterEach(() => {
  open?.remove()
  open = null
})

function healthy(way: Way): TinyApp {
  const app = made.get(way)?.copy()
  if (app === undefined) throw new Error('not made')
  open = app
  return app
}

function validate({ path, env }: TinyApp): Promise<ValidationReport> {
  const settings = { ...validationDefaults, appPath: path, env }
  return new VersionValidator(settings, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
}

const copies = ({ loaded, built }: TinyApp) => [loaded, built]

/** Real ways in which a bundle breaks. */
const breakages = {
  'files that link another libruby': (broken: TinyApp) => {
    for (const file of copies(broken)) {
      const needed = execFileSync('patchelf', ['--print-needed', file], { encoding: 'utf8' })
        .split('\n')
        .find((name) => name.startsWith('libruby'))
      if (needed === undefined) throw new Error('this Ruby is static: nothing to replace')
      execFileSync('patchelf', ['--replace-needed', needed, 'libruby-2.7.so.2.7', file])
    }
  },
  'no mark of a finished build': ({ builtFolder }: TinyApp) => rmSync(join(builtFolder, 'gem.build_complete')),
  'deleted files': (broken: TinyApp) => copies(broken).forEach((file) => rmSync(file)),
  'a cut file': ({ loaded }: TinyApp) => truncateSync(loaded, 9_000),
  'an empty file': ({ loaded }: TinyApp) => truncateSync(loaded, 0),
  'a Git LFS pointer': ({ loaded }: TinyApp) =>
    writeFileSync(loaded, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
} as const

const codes: Record<keyof typeof breakages, string> = {
  'files that link another libruby': 'BUILT_FOR_OTHER_RUBY',
  'no mark of a finished build': 'EXTENSION_NOT_BUILT',
  'deleted files': 'EXTENSION_ABSENT',
  'a cut file': 'EXTENSION_TRUNCATED',
  'an empty file': 'EXTENSION_TRUNCATED',
  'a Git LFS pointer': 'EXTENSION_NO_LIBRARY',
}
const kinds = Object.keys(breakages) as (keyof typeof breakages)[]

async function breakAndMend(broken: TinyApp, code: string): Promise<readonly string[]> {
  const before = await validate(broken)
  expect(before.verdict).toBe('incompatible')
  const finding = before.findings.find((each) => each.code === code)
  expect(finding).toMatchObject({ severity: 'error', gem: 'tiny_ext' })
  const remedy = finding?.remedy ?? []
  for (const line of remedy) await broken.type(line)
  expect((await validate(broken)).findings).toEqual([])
  return remedy
}

describe('the commands of a finding, typed in the app, leave it healthy', () => {
  test.each(kinds)('under Bundler, with %s', async (kind) => {
    const app = healthy('bundler')
    breakages[kind](app)
    await breakAndMend(app, codes[kind])
  })

  test.each(kinds.slice(0, 3))('under Bundler without the packed gem, with %s', async (kind) => {
    const app = healthy('bundler')
    for (const file of readdirSync(join(app.home, 'cache'))) rmSync(join(app.home, 'cache', file))
    breakages[kind](app)
    await breakAndMend(app, codes[kind])
  })

  test.each(kinds.slice(0, 3))('of a git source, with %s', async (kind) => {
    const app = healthy('git')
    breakages[kind](app)
    await breakAndMend(app, codes[kind])
  })

  test.each(kinds.slice(0, 3))('without Bundler, with %s', async (kind) => {
    const app = healthy('rubygems')
    breakages[kind](app)
    const before = await validate(app)
    expect(before.scope).toBe('installed')
    const finding = before.findings.find(({ gem, severity }) => gem === 'tiny_ext' && severity === 'error')
    expect(finding?.code).toBe(codes[kind])
    for (const line of finding?.remedy ?? []) await app.type(line)
    const after = await validate(app)
    expect(after.findings.filter(({ gem }) => gem === 'tiny_ext')).toEqual([])
  })
})
