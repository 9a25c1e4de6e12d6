import { expect, test } from 'vitest'
import { IncidentPointers } from './incident-pointers.ts'

const ids = ['20261125-143425-1-59u', '20261125-143426-2-abc']
const told = 'worker 1: Ruby crashed (Segmentation fault at 0x1), perhaps in fiddle (blamed: fiddle)'
const log = [
  `\u001b[2m14:28:13\u001b[22m \u001b[31merror\u001b[39m ${told}. Incident ${ids[0]}: bezel incidents ${ids[0]}`,
  `14:28:13 [1]   GET / 200`,
  `{"level":"error","worker":1,"msg":"worker 2, at GET /segv: it broke. Incident ${ids[1]}: bezel incidents ${ids[1]} (in /run/x.json)"}`,
  `14:28:14 [1]   try: bezel incidents 7`,
  '',
].join('\n')

test.each([1, 7, 64, 10_000])('finds each incident of a log that comes in pieces of %d bytes, once', (size) => {
  const pointers = new IncidentPointers()
  const bytes = Buffer.from(log)
  for (let at = 0; at < bytes.length; at += size) pointers.push(bytes.subarray(at, at + size))
  expect(pointers.found).toEqual([
    { id: ids[0], summary: told },
    { id: ids[1], summary: 'worker 2, at GET /segv: it broke' },
  ])
})

test('keeps a bounded number', () => {
  const pointers = new IncidentPointers()
  for (let run = 0; run < 1_100; run += 1) {
    const id = `20261125-143425-${run}-abc`
    pointers.push(Buffer.from(`worker 1: x. Incident ${id}: bezel incidents ${id}\n`))
  }
  expect(pointers.found).toHaveLength(1_000)
})
