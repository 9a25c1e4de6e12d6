import { spawn, type ChildProcess } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import {
  readChildren,
  readCommandLine,
  readDescendants,
  readDescriptors,
  readEnvironment,
  readProcessGroup,
  readPssMb,
  readRssMb,
  readStat,
  readStatus,
} from './proc-fs.ts'
import { signalGroup } from './process-group.ts'

watchLeaks()

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
})

function start(script: string): number {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore', env: { ...process.env, PROC_FS_TEST: 'a=b' } })
  children.push(child)
  return child.pid!
}

test('tells of this process what the kernel and Node tell', async () => {
  const stat = readStat(process.pid)!
  expect(stat).toMatchObject({ pid: process.pid, parent: process.ppid })
  expect(stat.startTicks).toBeGreaterThan(0)
  expect(stat.threads).toBeGreaterThan(1)
  const rssMb = process.memoryUsage().rss / 2 ** 20
  expect(readRssMb(process.pid)! / rssMb).toBeCloseTo(1, 0)
  const pssMb = (await readPssMb(process.pid))!
  expect(pssMb).toBeGreaterThan(1)
  expect(pssMb).toBeLessThan(rssMb * 1.5)
  expect(readStatus(process.pid)?.get('Pid')).toBe(String(process.pid))
  expect(readDescriptors(process.pid).size).toBeGreaterThan(2)
})

test('reads names that hold spaces and parentheses', () => {
  const before = process.title
  process.title = 'a) R (1'
  expect(readStat(process.pid)).toMatchObject({ pid: process.pid, parent: process.ppid })
  process.title = before
})

test('knows children, descendants and process groups', async () => {
  const pid = start('sleep 100 & (sleep 100 & wait) & wait')
  await waitFor(() => readDescendants(pid).length === 3)
  expect(readChildren(pid)).toHaveLength(2)
  expect(readChildren(process.pid)).toContain(pid)
  expect(new Set(readProcessGroup(pid).map((stat) => stat.pid))).toEqual(new Set([pid, ...readDescendants(pid)]))
  expect(readEnvironment(pid)?.get('PROC_FS_TEST')).toBe('a=b')
  expect(readCommandLine(pid)).toEqual(['sh', '-c', 'sleep 100 & (sleep 100 & wait) & wait'])
})

test('answers null or nothing for a process that is gone', async () => {
  // Above the largest pid that Linux gives out (2^22).
  const gone = 2 ** 22 + 1
  expect([readStat(gone), readRssMb(gone), await readPssMb(gone), readStatus(gone), readEnvironment(gone)]).toEqual([
    null,
    null,
    null,
    null,
    null,
  ])
  expect([readChildren(gone), readDescendants(gone), readCommandLine(gone), [...readDescriptors(gone)]]).toEqual([[], [], [], []])
})
