import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readProcessGroup } from '../../src/system/proc-fs.ts'
import { startBezel } from '../support/bezel-run.ts'

const folder = resolve(import.meta.dirname, '../../examples/iodine-pg')

test.each([0, 60, 150, 300, 500, 800, 1_200, 2_000])(
  'Ctrl-C %i ms into the start ends it, and leaves nothing',
  { timeout: 120_000 },
  async (ms) => {
    await using run = await startBezel({
      folder,
      args: ['--host', '127.0.0.1', '--port', '0', '--workers', '2'],
      env: { DATABASE_URL: undefined },
    })
    await new Promise((later) => setTimeout(later, ms))
    const exit = await run.stop('SIGINT')
    const started = run.facts().flatMap((fact) => (fact.tag === 'RunStarted' || fact.tag === 'DataPlaneStarted' ? [fact.pid] : []))
    // Before its handlers are there, the signal ends Node itself.
    const endings =
      started.length > 0
        ? [{ code: 0, signal: null }]
        : [
            { code: 0, signal: null },
            { code: null, signal: 'SIGINT' },
            { code: 130, signal: null },
          ]
    expect(endings).toContainEqual(exit)
    expect(started.flatMap((group) => readProcessGroup(group)).filter(({ state }) => state !== 'Z')).toEqual([])
  },
)

test('a stop that meets a worker amid its boot is clean', { timeout: 180_000 }, async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    await using run = await startBezel({
      folder,
      args: ['--host', '127.0.0.1', '--port', '0', '--workers', '2'],
      env: { DATABASE_URL: undefined },
    })
    // Opened by the first worker: the second one is about to set its signal handlers.
    await run.fact('PortOpened')
    await run.stopCleanly()
    expect(run.facts().filter(({ tag }) => tag === 'IncidentRecorded')).toEqual([])
  }
})
