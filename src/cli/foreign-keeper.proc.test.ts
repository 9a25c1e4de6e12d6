import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runBezel } from '../../test/support/run-bezel.ts'

const timeout = 60_000

/** A folder that everybody reads, with what looks like a `bezel run` of this user. */
async function startKeeper(): Promise<string> {
  const app = realpathSync(mkdtempSync('/tmp/bz-foreign-'))
  onTestFinished(() => rmSync(app, { recursive: true }))
  chmodSync(app, 0o755)
  mkdirSync(join(app, 'bin'))
  copyFileSync('/bin/sh', join(app, 'sh'))
  writeFileSync(join(app, 'bin/bezel'), 'echo up\nread wait\n')
  const keeper = spawn(join(app, 'sh'), [join(app, 'bin/bezel'), 'run'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(keeper.stdout, 'data')
  onTestFinished(async () => {
    keeper.stdin.end()
    await once(keeper, 'exit')
  })
  return app
}

test('status says that another user runs a bezel that it may not look at', { timeout }, async () => {
  const app = await startKeeper()
  const before = ['setpriv', '--reuid', '65534', '--clear-groups']
  const { code, stderr } = await runBezel(['status', '--app', app], {
    cwd: '/',
    env: { ...process.env, XDG_RUNTIME_DIR: undefined },
    before,
  })
  expect(code).toBe(69)
  expect(stderr).toMatch(
    /^bezel: no bezel of yours holds up \/tmp\/bz-foreign-.*; user root runs one \(pid \d+\), .*not readable for you\n {2}try: sudo -u root bezel status --app \/tmp\/bz-foreign-/,
  )
})
