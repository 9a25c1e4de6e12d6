import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { neededBy, silence, validateApp } from '../../../test/support/validate-app.ts'

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
afterEach(() => app.remove())

const minor = execFileSync('ruby', ['-e', 'print RUBY_VERSION[/\\d+\\.\\d+/]'], { encoding: 'utf8' })

describe('a stripped file that links no libruby', () => {
  test('is judged by the copy of the same link that kept its debug information', async () => {
    app = made.copy()
    silence(app.loaded)
    const { verdict, findings } = await validateApp(app)
    expect({ verdict, codes: findings.map(({ code }) => code) }).toEqual({ verdict: 'compatible', codes: ['COPIES_DIFFER'] })
  })

  test('is not judged by a copy of another link', async () => {
    app = made.copy()
    silence(app.loaded)
    execFileSync('objcopy', ['--remove-section', '.note.gnu.build-id', app.loaded])
    expect((await validateApp(app)).verdict).toBe('unknown')
  })

  test('belongs to the Ruby that the Makefile of its build names', async () => {
    app = made.copy()
    for (const file of [app.loaded, app.built]) silence(file)
    rmSync(app.built)
    const makefile = join(app.home, 'gems/tiny_ext-1.2.3/ext/tiny_ext/Makefile')
    expect(existsSync(makefile)).toBe(true)
    expect((await validateApp(app)).verdict).toBe('unknown')
    writeFileSync(makefile, readFileSync(makefile, 'utf8').replace(/^ruby_version = .*$/m, 'ruby_version = 2.7.0'))
    expect((await validateApp(app)).findings).toMatchObject([
      { code: 'BUILT_FOR_OTHER_RUBY', evidence: [{ what: 'the Makefile of its build (Ruby 2.7)', where: makefile }] },
    ])
  })

  test('belongs to the Ruby whose headers the log of its build names', async () => {
    app = made.copy()
    for (const file of [app.loaded, app.built]) silence(file)
    rmSync(join(app.builtFolder, 'gem_make.out'))
    const log = join(app.builtFolder, 'mkmf.log')
    writeFileSync(log, '"gcc -o conftest -I/usr/include/x86_64-linux-gnu/ruby-2.7.0 -I/usr/include/ruby-2.7.0 conftest.c"\n')
    expect((await validateApp(app)).findings).toMatchObject([
      { code: 'BUILT_FOR_OTHER_RUBY', evidence: [{ what: 'the log of the build names its Ruby (Ruby 2.7)', where: log }, {}] },
      { code: 'EVIDENCE_CONTRADICTS' },
    ])
  })
})

test('a file whose own evidence contradicts its folder is said to, and the file counts', async () => {
  app = made.copy()
  const libruby = neededBy(app.built).find((name) => name.startsWith('libruby'))
  for (const file of [app.loaded, app.built]) {
    execFileSync('strip', [file])
    execFileSync('patchelf', ['--replace-needed', libruby ?? '', 'libruby-2.7.so.2.7', file])
  }
  const { findings } = await validateApp(app)
  expect(findings.map(({ code }) => code)).toEqual(['BUILT_FOR_OTHER_RUBY', 'EVIDENCE_CONTRADICTS'])
  expect(findings[1]?.explanation).toContain(`2.7 and ${minor}`)
})

test('a second copy for another Ruby that is not loaded is a note', async () => {
  app = made.copy()
  const libruby = neededBy(app.built).find((name) => name.startsWith('libruby'))
  execFileSync('patchelf', ['--replace-needed', libruby ?? '', 'libruby-2.7.so.2.7', app.built])
  expect(await validateApp(app)).toMatchObject({
    verdict: 'compatible',
    findings: [{ code: 'SHADOWED_COPY_WRONG', severity: 'note', evidence: [{ where: app.loaded }, { where: app.built }] }],
  })
})
