import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFiles } from '../../test/support/write-files.ts'
import { findCgroupMemory, readOomKills } from './cgroup-memory.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bezel-cgroup-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(files: Record<string, string>): void {
  writeFiles(root, files)
}

const mb = 2 ** 20

test('version 2: the nearest group around that has a limit; page cache that can be dropped is not counted', () => {
  write({
    'proc/self/cgroup': '0::/app/web\n',
    'sys/fs/cgroup/app/web/memory.current': String(90 * mb),
    'sys/fs/cgroup/app/web/memory.max': 'max\n',
    'sys/fs/cgroup/app/memory.current': String(100 * mb),
    'sys/fs/cgroup/app/memory.max': String(512 * mb),
    'sys/fs/cgroup/app/memory.stat': `anon 1\ninactive_file ${30 * mb}\n`,
  })
  expect(findCgroupMemory(root)?.read()).toEqual({ usedMb: 70, limitMb: 512 })
})

test('version 1, in a container whose path is that of the host', () => {
  write({
    'proc/self/cgroup': '5:cpu:/x\n4:memory:/docker/abc\n0::/\n',
    'sys/fs/cgroup/memory/memory.usage_in_bytes': String(100 * mb),
    'sys/fs/cgroup/memory/memory.limit_in_bytes': String(256 * mb),
  })
  expect(findCgroupMemory(root)?.read()).toEqual({ usedMb: 100, limitMb: 256 })
})

test('no limit, no control group, or damage is null', () => {
  expect(findCgroupMemory(root)).toBeNull()
  write({
    'proc/self/cgroup': '4:memory:/\n',
    'sys/fs/cgroup/memory/memory.usage_in_bytes': '1',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
  })
  expect(findCgroupMemory(root)).toBeNull()
  write({ 'sys/fs/cgroup/memory/memory.limit_in_bytes': 'x' })
  expect(findCgroupMemory(root)).toBeNull()
})

test.each([
  ['0::/app/web\n', 'sys/fs/cgroup/app/web/memory.events', 'low 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n'],
  ['4:memory:/app\n0::/\n', 'sys/fs/cgroup/memory/app/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n'],
])("counts the kernel's memory kills in the group of %j", (group, file, text) => {
  write({ 'proc/self/cgroup': group, [file]: text })
  expect(readOomKills(root)).toBe(3)
})

test('nobody counts where no control group does', () => {
  write({ 'proc/self/cgroup': '0::/\n' })
  expect(readOomKills(root)).toBeNull()
})
