import { expect, test } from 'vitest'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { DatabaseRoute } from '../config/databases/database-route.ts'
import type { ConnectionPoolHealth } from '../gateway/connection-pool-health.ts'
import { awaitRequiredDatabases } from './required-databases.ts'

const route = { name: 'primary', origin: 'DATABASE_URL', required: true, way: { tag: 'Gateway' } } as DatabaseRoute

function pool(ok: boolean | null): ConnectionPoolHealth {
  return {
    database: 'primary',
    server: 'db:5432',
    poolSize: null,
    activeConnections: 0,
    idleConnections: 0,
    waitingClients: 0,
    failedConnections: 0,
    circuitBreakerState: 'closed',
    lastConnectionTest: ok === null ? null : { agoMs: 0, ok },
    averageResponseTime: null,
  }
}

async function wait(routes: readonly DatabaseRoute[], pools: () => ConnectionPoolHealth[]): Promise<string> {
  const clock = new ManualClock()
  let outcome = 'waits'
  const waiting = awaitRequiredDatabases(routes, { clock, withinMs: 1_000, pools }).then(
    () => (outcome = 'starts'),
    (error: Error) => (outcome = error.message),
  )
  for (let turn = 0; turn < 20 && outcome === 'waits'; turn += 1) {
    await Promise.resolve()
    await Promise.resolve()
    clock.turn(100)
  }
  await waiting
  return outcome
}

test('a required database that answers late is waited for', async () => {
  let looks = 0
  expect(await wait([route], () => [pool((looks += 1) > 6 ? true : null)])).toBe('starts')
})

test('a required database that stays away ends the start, and its address is named', async () => {
  expect(await wait([route], () => [pool(false)])).toContain('primary at db:5432')
})

test('a database that is not required holds nothing up', async () => {
  expect(await wait([{ ...route, required: false }], () => [pool(false)])).toBe('starts')
})
