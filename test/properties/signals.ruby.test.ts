import fc from 'fast-check'
import { expect } from 'vitest'
import { running, shutdownDueAt, stepShutdown, type Shutdown, type ShutdownEvent } from '../../src/shutdown/shutdown.machine.ts'
import { modelProperty, realProperty } from './cases.ts'
import { outcomeOf, startSmallApp } from './small-app.ts'

const policy = {
  deadlineMs: 5_000,
  phases: [
    { atMostMs: 5_000, reservedMs: 0 },
    { atMostMs: 5_000, reservedMs: 1_000 },
  ],
}
const signal = fc.constantFrom('SIGTERM' as const, 'SIGINT' as const)
const timeoutMs = 300_000

modelProperty(13, fc.record({ signal, gapsMs: fc.array(fc.nat(8_000), { maxLength: 10, size: 'max' }) }), ({ signal, gapsMs }) => {
  // After one signal the phases run in order, each within its deadline, and time alone leads to the end.
  let nowMs = 0
  let state: Shutdown = running
  const begun: number[] = []
  const send = (event: ShutdownEvent) => {
    const step = stepShutdown(Object.freeze(state), event, { nowMs, random: 0 }, policy)
    state = step.state
    for (const effect of step.effects) if (effect.tag === 'RunPhase') begun.push(effect.phase)
  }
  send({ tag: 'Signalled', signal })
  for (const gapMs of gapsMs) {
    nowMs += gapMs
    send({ tag: 'Due' })
  }
  for (let dueMs = shutdownDueAt(state); dueMs !== null; dueMs = shutdownDueAt(state)) {
    nowMs = Math.max(nowMs, dueMs)
    send({ tag: 'Due' })
  }
  expect(begun).toEqual(begun.map((_, index) => index))
  expect(state.tag).toBe('Ended')
})

realProperty(
  13,
  fc.record({
    signal,
    workers: fc.integer({ min: 1, max: 3 }),
    slowMs: fc.array(fc.nat(600), { minLength: 1, maxLength: 4 }),
    afterMs: fc.integer({ min: 0, max: 300 }),
  }),
  async ({ signal, workers, slowMs, afterMs }) => {
    await using app = await startSmallApp({ workers })
    const open = slowMs.map((ms) => outcomeOf(`${app.origin}/slow?${ms}`))
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    const exit = await app.stop(signal)
    expect(exit).toEqual({ code: 0, signal: null })
    // Whoever came after the port had closed was refused by the kernel; nobody else was sent away without an answer.
    for (const outcome of await Promise.all(open)) expect([200, 'ECONNREFUSED', 'ECONNRESET']).toContain(outcome)
    expect(app.output()).not.toMatch(/trap context/i)
  },
  timeoutMs,
)
