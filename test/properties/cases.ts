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
 * A property on real processes: 10 drawn cases or more (`runs`), `atOnce` side by side where none shares what another one changes.
 * The case and its seed are told with a failure, and `BEZEL_SEED` repeats it.
 */
export function realProperty<Drawn>(
  number: number,
  drawn: fc.Arbitrary<Drawn>,
  holds: (value: Drawn) => Promise<void>,
  timeoutMs: number,
  atOnce: 1 | 2 = 1,
  runs = realRuns,
): void {
  test(
    `${titleOf(number)} [real]`,
    async () => {
      const seed = Number(process.env['BEZEL_SEED'] ?? Date.now() % 2 ** 31)
      const waiting = fc.sample(drawn, { numRuns: runs, seed })
      const work = async () => {
        for (let value = waiting.shift(); value !== undefined; value = waiting.shift()) await holdsFor(value)
      }
      const holdsFor = async (value: Drawn) => {
        try {
          await holds(value)
        } catch (error) {
          waiting.length = 0
          throw new Error(`it does not hold for ${fc.stringify(value)}, drawn with BEZEL_SEED=${seed}`, { cause: error })
        }
      }
      const ended = await Promise.allSettled(Array.from({ length: atOnce }, work))
      for (const end of ended) if (end.status === 'rejected') throw end.reason
    },
    timeoutMs,
  )
}
