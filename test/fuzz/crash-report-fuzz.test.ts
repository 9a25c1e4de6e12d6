import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkInput } from './crash-report-check.ts'
import { mutate, seeded } from './crash-report-mutate.ts'

const folder = new URL('crash-report-samples/', import.meta.url)
const samples = readdirSync(folder)
  .filter((file) => file.endsWith('.txt'))
  .map((file) => readFileSync(new URL(file, folder)))

/** A minute in CI; `node test/fuzz/crash-report-fuzz.ts` does 200,000 and more. */
const budgetMs = process.env['CI'] === undefined ? 3_000 : 60_000

test('no damage to a report makes the reader throw, or sure of a name that is none', () => {
  const seed = 1 + Math.floor(Math.random() * 1_000_000)
  const until = performance.now() + budgetMs
  let number = 0
  for (; performance.now() < until; number += 1) {
    const random = seeded(seed * 1_000_003 + number * 7_919 + 1)
    const bytes = mutate(samples, random)
    const wrong = checkInput(bytes, 1 + Math.floor(random() * 5_000))
    if (wrong !== null) expect.fail(`input ${number}, seed ${seed}: ${wrong}`)
  }
  expect(number).toBeGreaterThan(50)
}, 180_000)
