import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findForeignBezel, findHeldApp, nameOf } from './running-bezels.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync('/tmp/bz-seen-')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a process holds up the app whose lock it has open, and so does its parent for it', async () => {
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, app: '/srv/shop' }))
  expect(findHeldApp(process.pid)).toBeNull()
  const fd = openSync(join(folder, 'lock'), 'r')
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] })
  await once(child, 'spawn')
  const held = { pid: process.pid, app: '/srv/shop' }
  expect([findHeldApp(process.pid), findHeldApp(child.pid ?? 0)]).toEqual([held, held])
  closeSync(fd)
  expect(findHeldApp(process.pid)).toBeNull()
  child.kill()
  await once(child, 'exit')
})

test('a lock that names another process is no sign: a pid may have been given anew', () => {
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: 1, app: '/srv/shop' }))
  const fd = openSync(join(folder, 'lock'), 'r')
  expect(findHeldApp(process.pid)).toBeNull()
  closeSync(fd)
})

test("another user's bezel is seen by its command line, unless it is known to hold up another app; one's own is none", async () => {
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'bin'))
  copyFileSync('/bin/sh', join(folder, 'sh'))
  writeFileSync(
    join(folder, 'bin/bezel'),
    'printf \'{"pid":%d,"app":"/srv/shop"}\' $$ >"$1/lock"\nexec 9<"$1/lock"\necho up\nread wait\n'.replaceAll('$1', '$2'),
  )
  const whileItRuns = async (before: readonly string[], check: (pid: number | undefined) => Promise<void>) => {
    chmodSync(folder, 0o777)
    const words = [...before, join(folder, 'sh'), '-e', join(folder, 'bin/bezel'), 'run', folder]
    const child = spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    await check(child.pid)
    child.stdin.end()
    await once(child, 'exit')
    rmSync(join(folder, 'lock'))
  }
  // Others on this machine may run one as well, for a moment without a lock.
  await whileItRuns(['--reuid', '65534', '--clear-groups'], async (pid) => {
    await expect.poll(() => findForeignBezel('/srv/shop'), { timeout: 20_000 }).toEqual({ pid, user: nameOf(65_534), isOfApp: true })
    expect(findForeignBezel('/srv/other')?.pid).not.toBe(pid)
  })
  await whileItRuns(['--clear-groups'], (pid) => Promise.resolve(expect(findForeignBezel('/srv/shop')?.pid).not.toBe(pid)))
})

test('a user without a name is called by the number', () => {
  expect([nameOf(0), nameOf(4_000_000_000)]).toEqual(['root', '4000000000'])
})
