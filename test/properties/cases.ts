import fc from 'fast-check'
import { test } from 'vitest'
import { catalogue } from './catalogue.ts'

/** Cases of each property on the model, at least (the specification's number). */
export const modelRuns = 100
/** Drawn cases of each property on real processes, at least. */
export const realRuns = 10

/** The tag that the specification asks for. */
export function titleOf(number: number): string {
  const property = catalogue.find((entry) => entry.number === number)
  if (property === undefined) throw new Error(`the specification has no property ${number}`)
  return `Feature: ruby-backend-stability-fix, Property ${number}: ${property.text}`
}

/** A property on the model: pure functions and machines, at least 100 drawn cases. */
export function modelProperty<Drawn>(number: number, drawn: fc.Arbitrary<Drawn>, holds: (value: Drawn) => void | Promise<void>): void {
  test(`${titleOf(number)} [model]`, async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (value) => holds(value)),
      { numRuns: modelRuns },
    )
  })
}

/**
 * A property on real processes: at least 10 drawn cases, one after the other. The seed is printed with a failure, and
 * `BEZEL_SEED` repeats it.
 */
export function realProperty<Drawn>(
  number: number,
  drawn: fc.Arbitrary<Drawn>,
  holds: (value: Drawn) => Promise<void>,
  timeoutMs: number,
): void {
  test(
    `${titleOf(number)} [real]`,
    async () => {
      const seed = Number(process.env['BEZEL_SEED'] ?? Date.now() % 2 ** 31)
      await fc.assert(fc.asyncProperty(drawn, holds), { numRuns: realRuns, seed, endOnFailure: true })
    },
    timeoutMs,
  )
}
