import { expect, test } from 'vitest'
import { affordableClients } from './affordable-clients.ts'

test.each([
  { wanted: 10_000, openFiles: 1_048_576, allowed: 10_000, why: 'all that are wanted' },
  { wanted: 10_000, openFiles: 4_096, allowed: 1_792, why: 'two descriptors for each, the rest for others' },
  { wanted: 10_000, openFiles: 256, allowed: 16, why: 'a few, whatever the limit' },
  { wanted: 4, openFiles: 256, allowed: 4, why: 'never more than wanted' },
  { wanted: 10_000, openFiles: null, allowed: 10_000, why: 'where nothing tells' },
])('$wanted clients with $openFiles descriptors: $allowed, $why', ({ wanted, openFiles, allowed }) => {
  expect(affordableClients(wanted, openFiles)).toBe(allowed)
})
