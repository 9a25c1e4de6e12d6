import { expect, test } from 'vitest'
import type { BezelEvent } from '../events.ts'
import { nothingAbandoned } from '../part.ts'
import { systemClock } from '../system/clock.ts'
import { GracefulSignalHandler } from './graceful-signal-handler.ts'
import type { ShutdownPhase } from './ports.ts'

const phase = (name: string, atMostMs: number, reservedMs: number, isIdle = false): ShutdownPhase => ({
  name,
  atMostMs,
  reservedMs,
  isIdle: () => isIdle,
  run: () => Promise.resolve(nothingAbandoned),
})

async function stop(...phases: ShutdownPhase[]) {
  const told: BezelEvent[] = []
  const outside = { clock: systemClock, random: Math.random, emit: (fact: BezelEvent) => void told.push(fact) }
  const nothing = () => {}
  const handler = new GracefulSignalHandler({ deadlineMs: 25_000 }, outside, {
    process: { onSignal: () => nothing, exit: nothing },
    phases,
    killEverything: nothing,
    reload: nothing,
    rollingRestart: nothing,
  })
  expect(await handler.initiateGracefulShutdown()).toBe(0)
  return told.flatMap((fact) => (fact.tag === 'ShutdownPhase' ? [fact] : []))
}

test('tells with each phase the time that is left until the deadline of the whole: it never grows', async () => {
  const told = await stop(phase('requests', 86_400_000, 0), phase('workers', 86_400_000, 3_000), phase('database', 5_000, 1_000))
  expect(told.map((fact) => fact.phase)).toEqual(['requests', 'workers', 'database'])
  const left = told.map(({ leftMs }) => leftMs)
  expect(left).toEqual(left.toSorted((a, b) => b - a))
  // However slow the machine: the database's own bound is 5 s.
  expect(left.at(-1)).toBeGreaterThan(5_000)
})

test('runs a phase that has nothing to take down without a word', async () => {
  let ran = 0
  const idle = { ...phase('requests', 1_000, 0, true), run: () => Promise.resolve(((ran += 1), nothingAbandoned)) }
  expect((await stop(idle, phase('records', 1_000, 0))).map((fact) => fact.phase)).toEqual(['records'])
  expect(ran).toBe(1)
})
