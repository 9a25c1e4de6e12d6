import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runBezel } from '../support/run-bezel.ts'

const timeout = 120_000
const well = resolve(import.meta.dirname, '../fixtures/misbehaving/well')

/** Crashes by itself once it is ready. */
const program = `require 'fiddle'\nrequire ${JSON.stringify(well)}\nThread.new { sleep 1; Fiddle::Pointer.new(1)[0] }\ndef answer(*) = 'fine'\nserve\n`

/** A readable log of a crash whose incident can't be saved where it should be, and what `bezel incidents` lists then. */
async function crash(blockSpare: boolean) {
  const folder = realpathSync(mkdtempSync('/tmp/bz-uw-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const app = join(folder, 'app')
  mkdirSync(app)
  writeFileSync(join(app, 'config.ru'), '')
  writeFileSync(join(app, 'crash.rb'), program)
  const runtime = join(folder, 'bezel', createHash('sha256').update(app).digest('hex').slice(0, 10))
  mkdirSync(runtime, { recursive: true, mode: 0o700 })
  if (blockSpare) writeFileSync(join(runtime, 'incidents'), 'no folder')
  const env = { ...process.env, XDG_RUNTIME_DIR: folder, BEZEL_INCIDENTS_FOLDER: '/proc/nope', BEZEL_LOG_FORMAT: 'text' }
  const args = ['run', '--port', '0', '--workers', '1', '--gateway', 'off', '--validation', 'off', '--', 'ruby', 'crash.rb', '{socket}']
  const watch = (printed: string, kill: (signal: NodeJS.Signals) => void) => {
    if (/Incident \d+-\d+-/.test(printed)) kill('SIGTERM')
  }
  const { stderr } = await runBezel(args, { cwd: app, env, watch })
  return { log: stderr, spare: join(runtime, 'incidents'), listed: await runBezel(['incidents'], { cwd: app, env }) }
}

test('an incident whose folder is refused is kept in the runtime folder, which is said at the start', { timeout }, async () => {
  const { log, spare, listed } = await crash(false)
  expect(log).toMatch(
    /warn {2}incidents can't be written to \/proc\/nope \(ENOENT.*\); they go to .* try="set incidents\.folder in bezel\.yml/,
  )
  const id = /Incident (\S+): bezel incidents \1 \(in (\S+)\/\1\.json\)/.exec(log)
  expect(id?.[2]).toBe(spare)
  expect(log).toMatch(/lines of its crash report, kept for its incident/)
  expect(listed.stdout).toContain(id?.[1])
})

test('a crash report that can be saved nowhere stands in the log, and nothing is promised', { timeout }, async () => {
  const { log, listed } = await crash(true)
  expect(log).toMatch(/warn {2}incidents can't be written to \/proc\/nope \(ENOENT.*\); crash reports stand in this log only/)
  expect(log).toMatch(/Incident \S+ could not be saved: ENOENT/)
  expect(log).toContain('C level backtrace information')
  expect(log).toContain('Loaded features')
  expect(log).not.toMatch(/kept for its incident|: bezel incidents/)
  expect(listed).toMatchObject({ code: 0, stdout: 'no incidents\n' })
})
