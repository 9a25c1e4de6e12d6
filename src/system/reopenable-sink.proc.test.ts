import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { waitFor } from '../../test/support/wait-for.ts'
import { systemClock } from './clock.ts'
import { createReopenableSink, openLogFile } from './reopenable-sink.ts'

const folder = mkdtempSync(join(tmpdir(), 'bezel-reopen-'))
afterAll(() => rmSync(folder, { recursive: true }))
const options = { maxBufferedBytes: 100_000, maxLineBytes: 4_096, clock: systemClock }

test('lines from before a rotation stand in the old file, all others in the new one, and none is lost', async () => {
  const path = join(folder, 'bezel.log')
  const descriptors = readdirSync('/proc/self/fd').length
  const sink = createReopenableSink(openLogFile(path), true, options)
  for (let line = 0; line < 100; line += 1) {
    if (line === 40 || line === 70) {
      renameSync(path, `${path}.${line}`)
      sink.reopen(path)
    }
    sink.write(String(line))
  }
  const before = sink.fd
  await sink.close(1_000)
  const numbers = (file: string) => readFileSync(file, 'utf8').trim().split('\n').map(Number)
  expect([`${path}.40`, `${path}.70`, path].map((file) => numbers(file).length)).toEqual([40, 30, 30])
  expect([`${path}.40`, `${path}.70`, path].flatMap(numbers)).toEqual(Array.from({ length: 100 }, (_, line) => line))
  expect(sink.dropped()).toBe(0)
  // The last one is its opener's to close.
  await waitFor(() => readdirSync('/proc/self/fd').length === descriptors + 1)
  expect(readdirSync('/proc/self/fd')).toContain(String(before))
})

test('a file that can not be opened changes nothing', async () => {
  const path = join(folder, 'kept.log')
  const sink = createReopenableSink(openLogFile(path), true, options)
  const { fd } = sink
  expect(() => sink.reopen(join(folder, 'nowhere/kept.log'))).toThrow(/ENOENT/)
  expect(existsSync(join(folder, 'nowhere'))).toBe(false)
  sink.write('still here')
  expect(sink.fd).toBe(fd)
  await sink.close(1_000)
  expect(readFileSync(path, 'utf8')).toBe('still here\n')
})
