import { expect, test } from 'vitest'
import { FactLog } from './fact-log.ts'

const line = (pid: number) => `${JSON.stringify({ level: 'info', tag: 'DataPlaneStarted', era: 1, pid })}\n`

test('facts are read from lines that come in pieces, between lines of any other kind', () => {
  const log = new FactLog()
  const text = `{not json "tag"\n[1] Puma starting\n${line(7)}{"level":"info","msg":"no fact"}\n${line(8)}`
  for (const byte of Buffer.from(text)) log.write(Buffer.of(byte))
  expect(log.facts()).toMatchObject([{ pid: 7 }, { pid: 8 }])
  expect(log.tail()).toBe(text)
})

test('waiting finds a fact that was told before, and one that comes later', async () => {
  const log = new FactLog()
  log.write(Buffer.from(line(7)))
  const later = log.wait('DataPlaneStarted', ({ pid }) => pid === 8, 10_000)
  expect(await log.wait('DataPlaneStarted', () => true, 10_000)).toMatchObject({ pid: 7 })
  log.write(Buffer.from(line(8)))
  expect(await later).toMatchObject({ pid: 8 })
})

test('waiting ends with the log, and at its deadline', async () => {
  const log = new FactLog()
  await expect(log.wait('PortOpened', () => true, 1)).rejects.toThrow('did not tell PortOpened')
  const waiting = log.wait('PortOpened', () => true, 10_000)
  log.end()
  await expect(waiting).rejects.toThrow('ended without telling PortOpened')
})
