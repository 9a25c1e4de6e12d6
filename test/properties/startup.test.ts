import fc from 'fast-check'
import { expect } from 'vitest'
import { idleStartup, stepStartup, type Startup, type StartupEffect, type StartupEvent } from '../../src/keeper/startup.machine.ts'
import { modelProperty } from './cases.ts'

const event: fc.Arbitrary<StartupEvent> = fc.oneof(
  fc.constantFrom<StartupEvent>({ tag: 'Start' }, { tag: 'DataPlaneUp' }, { tag: 'WorkerReady' }, { tag: 'PortListens' }),
  fc.record({ tag: fc.constant('Validated' as const), fits: fc.boolean() }),
  fc.record({ tag: fc.constant('Broke' as const), code: fc.constantFrom(69, 71, 74) }),
)
const story = fc.record({
  policy: fc.record({ dataPlane: fc.boolean(), frontDoor: fc.boolean() }),
  events: fc.array(event, { maxLength: 40, size: 'max' }),
})

interface Scene {
  readonly before: Startup
  readonly event: StartupEvent
  readonly after: Startup
  readonly effects: readonly StartupEffect[]
}

function walk({ policy, events }: typeof story extends fc.Arbitrary<infer T> ? T : never): Scene[] {
  let before: Startup = idleStartup
  return events.map((event) => {
    const { state, effects } = stepStartup(Object.freeze(before), event, policy)
    const scene = { before, event, after: state, effects }
    before = state
    return scene
  })
}

modelProperty(4, story, (drawn) => {
  let proven = false
  let ready = false
  for (const { before, event, effects } of walk(drawn)) {
    if (event.tag === 'Validated' && event.fits && before.tag === 'Validating') proven = true
    if (event.tag === 'WorkerReady' && before.tag === 'Booting') ready = true
    for (const { tag } of effects) {
      if (tag === 'StartDataPlane' || tag === 'StartWorkers') expect(proven).toBe(true)
      if (tag === 'OpenPort') expect({ proven, ready }).toEqual({ proven: true, ready: true })
    }
  }
})

modelProperty(2, story, (drawn) => {
  const scenes = walk(drawn)
  const refused = scenes.findIndex(({ before, event }) => before.tag === 'Validating' && event.tag === 'Validated' && !event.fits)
  if (refused === -1) return
  expect(scenes[refused]?.effects).toEqual([{ tag: 'Stop', code: 78 }])
  expect(scenes.slice(refused + 1).flatMap(({ effects }) => effects)).toEqual([])
})
