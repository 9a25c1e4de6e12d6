import { createServer } from 'node:net'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'
import { consequenceOf } from '../../src/errors.ts'
import { running, shutdownDueAt, stepShutdown, type Shutdown, type ShutdownEvent } from '../../src/shutdown/shutdown.machine.ts'
import { storyOf } from '../support/machine-laws.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp, startSmallBezel, untilHeld } from './small-app.ts'

const diesAtBoot = resolve(import.meta.dirname, '../fixtures/misbehaving/dies-at-boot.rb')
const policy = {
  deadlineMs: 5_000,
  phases: [
    { atMostMs: 5_000, reservedMs: 0 },
    { atMostMs: 5_000, reservedMs: 1_000 },
  ],
}

const event: fc.Arbitrary<ShutdownEvent> = fc.oneof(
  fc.record({ tag: fc.constant('Signalled' as const), signal: fc.constantFrom('SIGTERM' as const, 'SIGINT' as const) }),
  fc.record({ tag: fc.constant('Asked' as const), code: fc.constantFrom(0, 69, 74, 78) }),
  fc.record({
    tag: fc.constant('PhaseEnded' as const),
    phase: fc.nat(1),
    abandoned: fc.record({ requests: fc.nat(1), transactions: fc.nat(1), processes: fc.constant(0) }),
  }),
  fc.constant<ShutdownEvent>({ tag: 'Due' }),
)

modelProperty(16, storyOf(event, 40), (story) => {
  let nowMs = 0
  let state: Shutdown = running
  let first: ShutdownEvent | null = null
  let signals = 0
  let cut = false
  for (const happening of [...story, { event: { tag: 'Signalled' as const, signal: 'SIGTERM' as const }, afterMs: 1, random: 0 }]) {
    if (state.tag === 'Ended') break
    const before: Shutdown = state
    nowMs += happening.afterMs
    const { event } = happening
    if (before.tag === 'Running' && (event.tag === 'Signalled' || event.tag === 'Asked')) first = event
    if (before.tag === 'Stopping' && event.tag === 'Signalled') signals += 1
    const late = before.tag === 'Stopping' && event.tag === 'Due' && nowMs >= (shutdownDueAt(before) ?? 0)
    if (
      late ||
      (before.tag === 'Stopping' &&
        event.tag === 'PhaseEnded' &&
        event.phase === before.phase &&
        event.abandoned.requests + event.abandoned.transactions > 0)
    )
      cut = true
    state = stepShutdown(Object.freeze(before), event, { nowMs, random: 0 }, policy).state
  }
  if (state.tag !== 'Ended') return
  const asked = first?.tag === 'Asked' ? first.code : 0
  const expected = signals > 0 ? [130, 143] : cut ? [asked === 0 ? 75 : asked, 75] : [asked]
  expect(expected).toContain(state.code)
})

/** Each way to end, with the exit code that says so (DESIGN §6). */
const endings: Readonly<Record<string, () => Promise<{ readonly code: number | null; readonly wanted: number }>>> = {
  'asked to stop': async () => {
    await using app = await startSmallApp({ workers: 2 })
    return { code: (await app.stop('SIGTERM')).code, wanted: 0 }
  },
  'a second signal': async () => {
    await using app = await startSmallApp({ workers: 1 })
    void outcomeOf(`${app.origin}/slow?20000`)
    await untilHeld(app)
    process.kill(app.pid, 'SIGINT')
    await app.fact('ShutdownPhase')
    return { code: (await app.stop('SIGINT')).code, wanted: 130 }
  },
  'cut at the deadline': async () => {
    await using app = await startSmallApp({ workers: 1, env: { BEZEL_SHUTDOWN_DEADLINE: '1500ms' } })
    void outcomeOf(`${app.origin}/slow?30000`)
    await untilHeld(app)
    return { code: (await app.stop('SIGTERM')).code, wanted: consequenceOf('CUT_AT_DEADLINE').exit }
  },
  'gave up': async () => {
    await using run = await startSmallBezel({
      workers: 1,
      script: diesAtBoot,
      env: { BEZEL_WORKERS_RESTART_WAIT: '10ms', BEZEL_WORKERS_RESTART_WAIT_MOST: '50ms', BEZEL_WORKERS_GIVE_UP_AFTER: '2' },
    })
    return { code: (await run.exited).code, wanted: consequenceOf('GAVE_UP').exit }
  },
  'a wrong value': async () => {
    await using run = await startSmallBezel({ workers: 1, env: { BEZEL_SHUTDOWN_DEADLINE: 'soon' } })
    return { code: (await run.exited).code, wanted: consequenceOf('CONFIG_INVALID').exit }
  },
  'a taken port': async () => {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await using run = await startSmallBezel({ workers: 1, env: { BEZEL_ADMIN_LISTEN: `127.0.0.1:${port}` } })
    const { code } = await run.exited
    server.close()
    return { code, wanted: consequenceOf('PORT_TAKEN').exit }
  },
}

realProperty(
  16,
  fc.constantFrom(...Object.keys(endings)),
  async (name) => {
    const { code, wanted } = (await endings[name]?.()) ?? { code: null, wanted: -1 }
    expect({ name, code }).toEqual({ name, code: wanted })
  },
  300_000,
)
