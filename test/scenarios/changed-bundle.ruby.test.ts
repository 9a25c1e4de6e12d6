import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTinyApp, type TinyApp } from '../fixtures/tiny-gem/tiny-app.ts'
import { startBezel, type BezelRun } from '../support/bezel-run.ts'
import { neededBy } from '../support/validate-app.ts'
import { waitFor } from '../support/wait-for.ts'

const timeout = 180_000
const server = resolve(import.meta.dirname, '../fixtures/misbehaving/well.rb')

let made: TinyApp
let app: TinyApp
beforeAll(() => {
  made = createTinyApp('bundler')
})
afterAll(() => made.remove())
afterEach(() => app.remove())

function start(env: NodeJS.ProcessEnv = {}): Promise<BezelRun> {
  return startBezel({
    folder: app.path,
    args: ['--host', '127.0.0.1', '--port', '0', '--workers', '2', '--', 'ruby', '--disable-gems', server, '{socket}'],
    env: { ...app.env, DATABASE_URL: undefined, ...env },
  })
}

/** What a build under Ruby 2.7 puts into the place of both copies. */
function buildForRuby27(): void {
  for (const file of [app.loaded, app.built]) {
    const libruby = neededBy(file).find((name) => name.startsWith('libruby')) ?? ''
    const fresh = `${file}.fresh`
    copyFileSync(file, fresh)
    execFileSync('patchelf', ['--replace-needed', libruby, 'libruby-2.7.so.2.7', fresh])
    renameSync(file, `${file}.before`)
    renameSync(fresh, file)
  }
}

function putBack(): void {
  for (const file of [app.loaded, app.built]) renameSync(`${file}.before`, file)
}

const count = (run: BezelRun, tag: string) => run.facts().filter((fact) => fact.tag === tag).length

test('gems that changed under a running bezel are validated before a rolling restart uses them', { timeout }, async () => {
  app = made.copy()
  await using run = await start()
  for (const worker of [1, 2]) await run.fact('RunReady', (fact) => fact.worker === worker)
  const { url } = await run.fact('PortOpened')

  // Unchanged: workers are replaced, and nothing is read.
  process.kill(run.pid, 'SIGUSR1')
  await waitFor(() => count(run, 'RunReady') === 4, 60_000)
  expect(count(run, 'ValidationFinished')).toBe(1)

  // Changed for the worse: it is told, and nobody is replaced.
  buildForRuby27()
  process.kill(run.pid, 'SIGUSR1')
  await run.fact('GemRefused', ({ gem, code }) => gem === 'tiny_ext' && code === 'BUILT_FOR_OTHER_RUBY')
  await waitFor(() => run.output().includes('no worker is replaced'), 60_000)
  expect(count(run, 'RunDraining')).toBe(2)
  expect((await fetch(url)).status).toBe(200)

  // A worker that dies is replaced all the same, and what it starts with is told.
  await fetch(new URL('/kill', url)).catch(() => null)
  await waitFor(() => count(run, 'RunReady') === 5, 60_000)
  await waitFor(() => run.output().includes('was started with gems that do not fit'), 60_000)

  // Mended: the next rolling restart goes through.
  putBack()
  process.kill(run.pid, 'SIGUSR1')
  await waitFor(() => count(run, 'RunReady') === 7, 60_000)
  expect(run.facts().findLast(({ tag }) => tag === 'ValidationFinished')).toMatchObject({ verdict: 'compatible' })
  await run.stopCleanly()
})

test('a worker that dies after its gems have changed is replaced at once, and the contradiction is told', { timeout }, async () => {
  app = made.copy()
  await using run = await start()
  for (const worker of [1, 2]) await run.fact('RunReady', (fact) => fact.worker === worker)
  const { url } = await run.fact('PortOpened')
  buildForRuby27()
  await fetch(new URL('/kill', url)).catch(() => null)
  await waitFor(() => count(run, 'RunReady') === 3, 60_000)
  await run.fact('GemRefused', ({ code }) => code === 'BUILT_FOR_OTHER_RUBY')
  await waitFor(() => run.output().includes('was started with gems that do not fit'), 60_000)
  await run.stopCleanly()
})

test('a start reads only what has changed since the last one', { timeout }, async () => {
  app = made.copy()
  const own = mkdtempSync('/tmp/bz-mem-')
  const starts = async () => {
    await using run = await start({ XDG_RUNTIME_DIR: own })
    const { verdict, unchanged } = await run.fact('ValidationFinished')
    await run.fact('PortOpened')
    await run.stopCleanly()
    return { verdict, unchanged }
  }
  try {
    expect(await starts()).toEqual({ verdict: 'compatible', unchanged: undefined })
    expect(await starts()).toEqual({ verdict: 'compatible', unchanged: true })
    utimesSync(app.loaded, new Date(), new Date())
    expect(await starts()).toEqual({ verdict: 'compatible', unchanged: undefined })
    mkdirSync(join(app.home, 'specifications/more'))
    expect(await starts()).toEqual({ verdict: 'compatible', unchanged: undefined })
    expect(await starts()).toEqual({ verdict: 'compatible', unchanged: true })
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
})
