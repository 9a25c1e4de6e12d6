import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { validateApp } from '../../../test/support/validate-app.ts'
import { DiskTree } from '../files/disk-tree.ts'
import { inspectBundle } from '../inspect-bundle.ts'
import { locateRuntime } from '../runtime/locate-runtime.ts'
import { checkLoading } from './check-loading.ts'

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
afterEach(() => app.remove())

/** Compiles one more extension, or another one in its place, into both folders of the gem. */
function compile(name: string, source: string): void {
  const file = join(app.path, `${name}.c`)
  writeFileSync(file, `#include <ruby.h>\n${source}`)
  const code = 'c = RbConfig::CONFIG; puts "-I#{c["rubyhdrdir"]}", "-I#{c["rubyarchhdrdir"]}", "-L#{c["libdir"]}", *c["LIBRUBYARG"].split'
  const flags = execFileSync('ruby', ['-rrbconfig', '-e', code], { encoding: 'utf8' }).trim().split('\n')
  for (const folder of [dirname(app.loaded), app.builtFolder])
    execFileSync('gcc', ['-g', '-shared', '-fPIC', '-Wl,-z,lazy', '-o', join(folder, `${name}.so`), file, ...flags], { stdio: 'pipe' })
}

test('a call of what another extension offers, and does not lend, would end the process only when it is made', async () => {
  app = made.copy()
  compile('tiny_more', 'void made_elsewhere(void) {}\nvoid Init_tiny_more(void) { rb_define_module("TinyMore"); }')
  compile(
    'tiny_ext',
    'extern void made_elsewhere(void);\nstatic VALUE late(VALUE self) { made_elsewhere(); return self; }\nvoid Init_tiny_ext(void) { rb_define_global_function("late", late, 0); }',
  )
  expect((await validateApp(app)).findings).toEqual([])
  expect((await validateApp(app, { probe: true })).findings).toMatchObject([
    { code: 'BINDING_INCOMPLETE', gem: 'tiny_ext', evidence: [{ what: expect.stringContaining('made_elsewhere'), where: app.loaded }] },
  ])
})

test('a probe whose Ruby is gone meanwhile proves nothing, and says so', async () => {
  app = made.copy()
  const tree = new DiskTree(null)
  const { runtime } = await locateRuntime(tree, { root: null, appPath: app.path, env: app.env, rubyPath: null })
  const inspection = await inspectBundle(tree, app.path, app.env, runtime, null)
  const limits = { env: app.env, timeoutMs: 60_000, memoryMb: 4_096, cpuSeconds: 15, signal: new AbortController().signal }
  expect(await checkLoading(inspection, runtime, limits)).toEqual([])
  expect(await checkLoading(inspection, { ...runtime, rubyPath: join(app.path, 'gone/ruby') }, limits)).toMatchObject([
    { code: 'PROBE_FAILED', gem: null, evidence: [{ what: expect.stringContaining('gone/ruby') }] },
  ])
})
