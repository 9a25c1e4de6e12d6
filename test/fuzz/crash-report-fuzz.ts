import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { checkInput } from './crash-report-check.ts'
import { mutate, seeded } from './crash-report-mutate.ts'

/** `node test/fuzz/crash-report-fuzz.ts [INPUTS] [SEED] [FOLDER]`: mutated samples until INPUTS are done; prints the number of each that fails. */
const inputs = Number(process.argv[2] ?? 200_000)
const seed = Number(process.argv[3] ?? 1)
const folders = [
  resolve(import.meta.dirname, 'crash-report-samples'),
  resolve(process.argv[4] ?? resolve(import.meta.dirname, '../../../shared/crash-corpus')),
]

const samples = folders
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.txt'))
      .map((file) => readFileSync(resolve(folder, file))),
  )
  .filter(({ length }) => length > 0)

let failed = 0
let slowest = { number: 0, ms: 0 }
const from = performance.now()
for (let number = 0; number < inputs; number += 1) {
  // Each input has its own seed, so that its number alone makes it again.
  const random = seeded(seed * 1_000_003 + number * 7_919 + 1)
  const bytes = mutate(samples, random)
  const began = performance.now()
  let wrong: string | null
  try {
    wrong = checkInput(bytes, 1 + Math.floor(random() * 5_000))
  } catch (error) {
    wrong = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
  const ms = performance.now() - began
  if (ms > slowest.ms) slowest = { number, ms }
  if (wrong === null) continue
  failed += 1
  process.stdout.write(`input ${number}, seed ${seed}: ${wrong}\n`)
  if (failed >= 20) break
}
process.stdout.write(
  `${inputs} inputs from ${samples.length} samples in ${((performance.now() - from) / 1000).toFixed(0)} s: ${failed} failed; slowest ${slowest.ms.toFixed(0)} ms (input ${slowest.number})\n`,
)
process.exitCode = failed === 0 ? 0 : 1
