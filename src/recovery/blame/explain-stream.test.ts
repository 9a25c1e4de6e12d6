import { expect, test } from 'vitest'
import type { ExplainedEvent } from './explain-log.ts'
import { ExplainStream } from './explain-stream.ts'

test('tells every death of a long log once, in order, and when it was', () => {
  const deaths: ExplainedEvent[] = []
  const stream = new ExplainStream({}, (death) => deaths.push(death))
  const crashes = 700
  for (let at = 0; at < crashes; at += 1)
    stream.push(
      Buffer.from(`2026-11-25T10:00:${String(at % 60).padStart(2, '0')}Z free(): invalid pointer\nAborted (core dumped)\nGET / 200\n`),
    )
  stream.end()
  expect(deaths).toHaveLength(crashes)
  expect(deaths.map(({ atLine }) => atLine)).toEqual(Array.from({ length: crashes }, (_, at) => at * 3 + 1))
  expect(deaths[61]).toMatchObject({ loggedAt: '2026-11-25T10:00:01Z', explanation: { kind: 'abort', causeId: 'HEAP' } })
  expect(new Set(deaths.map(({ explanation }) => explanation.fingerprint)).size).toBe(1)
})
