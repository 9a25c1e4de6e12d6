import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { readBootId, readDescendants, readProcessGroup, readStat } from './proc-fs.ts'
import { signalGroup } from './process-group.ts'
import { markVariable, ProcessRecord, sweepLeftovers } from './process-record.ts'

watchLeaks()

let folder = ''
const children: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-record-'))
})
afterEach(async () => {
  for (const { pid } of children.splice(0)) {
    signalGroup(pid!, 'SIGKILL')
    await waitFor(() => living(pid!).length === 0)
  }
  rmSync(folder, { recursive: true })
})

function start(script: string, mark = 'none'): number {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore', env: { ...process.env, [markVariable]: mark } })
  children.push(child)
  return child.pid!
}

/** Zombies apart: those of orphans wait for the machine's first process. */
const living = (processGroup: number) => readProcessGroup(processGroup).flatMap(({ pid, state }) => (state === 'Z' ? [] : [pid]))
const isAlive = (pid: number) => !['Z', undefined].includes(readStat(pid)?.state)

test('kills a recorded group, grandchildren too, and empties the directory except for its lock', async () => {
  const pid = start('sleep 100 & wait')
  await waitFor(() => readDescendants(pid).length === 1)
  const grandchild = readDescendants(pid)[0]!
  new ProcessRecord(folder, 'm').note(pid, [pid])
  writeFileSync(join(folder, 'lock'), '')
  writeFileSync(join(folder, 'w1.sock'), '')
  expect(new Set(sweepLeftovers(folder).map(({ pid }) => pid))).toEqual(new Set([pid, grandchild]))
  await waitFor(() => !isAlive(pid) && !isAlive(grandchild))
  expect(readdirSync(folder)).toEqual(['lock'])
})

test('kills a grandchild whose leader is gone, when it was recorded', async () => {
  const pid = start('sleep 100 & sleep 0.1; exit')
  await waitFor(() => readDescendants(pid).length >= 1)
  const [grandchild] = readDescendants(pid)
  new ProcessRecord(folder, 'm').note(pid, [pid, grandchild!])
  await waitFor(() => !isAlive(pid))
  expect(sweepLeftovers(folder)).toEqual([{ pid: grandchild, processGroup: pid }])
  await waitFor(() => !isAlive(grandchild!))
})

test('kills a grandchild that nobody recorded, by the mark it was started with', async () => {
  const pid = start('sleep 100 & exit', 'the-mark')
  await waitFor(() => living(pid).length === 1 && living(pid)[0] !== pid)
  const [grandchild] = living(pid)
  new ProcessRecord(folder, 'the-mark').note(pid, [])
  expect(sweepLeftovers(folder)).toEqual([{ pid: grandchild, processGroup: pid }])
})

test('leaves alone a group of the same number that is not the recorded one', async () => {
  const pid = start('exec sleep 100', 'another')
  await waitFor(() => readStat(pid)?.name === 'sleep')
  mkdirSync(join(folder, 'groups'))
  const write = (bootId: string, startTicks: number) =>
    writeFileSync(
      join(folder, 'groups', String(pid)),
      JSON.stringify({ bootId, mark: 'mine', processGroup: pid, members: [{ pid, startTicks }] }),
    )
  write(readBootId(), readStat(pid)!.startTicks + 1)
  expect(sweepLeftovers(folder)).toEqual([])
  mkdirSync(join(folder, 'groups'))
  write('another-boot', readStat(pid)!.startTicks)
  expect(sweepLeftovers(folder)).toEqual([])
  expect(isAlive(pid)).toBe(true)
})

test.each(['', '{', 'null', '{"processGroup":-1,"bootId":"x","mark":"y","members":[]}', '{"processGroup":1,"members":[]}'])(
  'a damaged record %j kills nothing and is removed',
  (text) => {
    mkdirSync(join(folder, 'groups'))
    writeFileSync(join(folder, 'groups', '1'), text)
    expect(sweepLeftovers(folder)).toEqual([])
    expect(existsSync(join(folder, 'groups'))).toBe(false)
  },
)

test('forgets a group that has ended', () => {
  const record = new ProcessRecord(folder, 'm')
  record.note(process.pid, [process.pid])
  record.forget(process.pid)
  expect(readdirSync(join(folder, 'groups'))).toEqual([])
})
