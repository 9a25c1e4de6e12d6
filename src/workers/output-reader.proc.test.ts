import { closeSync, mkdtempSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { openFifos } from '../system/fifo.ts'
import { OutputReader, type OutputLimit } from './output-reader.ts'

watchLeaks()

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-out-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function read(limit: OutputLimit) {
  const [fifo] = await openFifos(folder, 1)
  const clock = new ManualClock()
  const seen = { text: '', hasEnded: false }
  const reader = new OutputReader(
    fifo!.readFd,
    limit,
    clock,
    (chunk) => (seen.text += chunk.toString()),
    () => (seen.hasEnded = true),
  )
  return { reader, clock, seen, writeFd: fifo!.writeFd }
}

test('readRest passes on what was written and not yet read, in order, without waiting', async () => {
  const { reader, seen, writeFd } = await read({ burstBytes: 1_000_000, bytesPerSecond: 0 })
  writeSync(writeFd, 'first ')
  await waitFor(() => seen.text === 'first ')
  writeSync(writeFd, 'second ')
  writeSync(writeFd, 'third')
  reader.readRest()
  expect(seen.text).toBe('first second third')
  closeSync(writeFd)
  await waitFor(() => seen.hasEnded)
  reader.readRest()
  reader.close()
  expect(seen.text).toBe('first second third')
})

test('passes on a burst and then so many bytes a second; the rest is read, dropped and counted', async () => {
  const { reader, clock, seen, writeFd } = await read({ burstBytes: 1_000, bytesPerSecond: 500 })
  const write = async (bytes: number, total: number) => {
    writeSync(writeFd, 'x'.repeat(bytes))
    await waitFor(() => seen.text.length + reader.dropped === total)
  }
  await write(1_000, 1_000)
  await write(400, 1_400)
  expect([seen.text.length, reader.dropped]).toEqual([1_000, 400])
  clock.turn(1_000)
  await write(500, 1_900)
  await write(1, 1_901)
  expect([seen.text.length, reader.dropped]).toEqual([1_500, 401])
  closeSync(writeFd)
  await waitFor(() => seen.hasEnded)
})

test('can be closed while a writer still holds the other end', async () => {
  const { reader, seen, writeFd } = await read({ burstBytes: 10, bytesPerSecond: 10 })
  reader.close()
  reader.close()
  await waitFor(() => seen.hasEnded)
  closeSync(writeFd)
})
