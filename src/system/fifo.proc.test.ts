import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, readSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { openFifos } from './fifo.ts'

watchLeaks()

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-fifo-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a child can open /dev/stderr and /dev/stdout, which a socket refuses', async () => {
  const [out, err] = await openFifos(folder, 2)
  const child = spawn('sh', ['-c', 'echo one >/dev/stdout; echo two >/dev/stderr'], { stdio: ['ignore', out!.writeFd, err!.writeFd] })
  closeSync(out!.writeFd)
  closeSync(err!.writeFd)
  expect(await once(child, 'exit')).toEqual([0, null])
  const buffer = Buffer.alloc(100)
  expect(buffer.toString('utf8', 0, readSync(out!.readFd, buffer))).toBe('one\n')
  expect(buffer.toString('utf8', 0, readSync(err!.readFd, buffer))).toBe('two\n')
  expect(readSync(err!.readFd, buffer)).toBe(0)
  closeSync(out!.readFd)
  closeSync(err!.readFd)
})

test('leaves no name behind, and nothing open when it fails', async () => {
  for (const { readFd, writeFd } of await openFifos(folder, 3)) for (const fd of [readFd, writeFd]) closeSync(fd)
  expect(readdirSync(folder)).toEqual([])
  await expect(openFifos(join(folder, 'missing'), 2)).rejects.toThrow(/missing/)
})
