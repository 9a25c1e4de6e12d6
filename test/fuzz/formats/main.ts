import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom, mutate } from './mutate.ts'
import { fuzzedReaders, type FuzzedReader } from './readers.ts'

/** No input may cost more, on a busy machine either. */
const slowestMs = 2_000
/** Nor may all of them together hold more: what a reader was given is small. */
const largestMb = 1_024
/** Inputs that a reader is fed before the next one is. */
const turn = 1_000

/**
 * `node test/fuzz/formats/main.ts [--inputs N] [--seconds N] [--seed N] [--only NAME]`: feeds every reader with changed real files
 * and random bytes, as many as `--inputs` says (100,000), or what `--seconds` allow. Ends with 1 at the first that throws or takes too long, and keeps that input in the temp folder.
 */
function main(): void {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '100000' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
    },
  })
  const seed = Number(values.seed ?? Date.now() % 2 ** 31)
  const inputs = Number(values.inputs)
  const trials = fuzzedReaders()
    .filter(({ name }) => values.only === undefined || name.includes(values.only))
    .map((reader): Trial => ({ reader, random: createRandom(seed), done: 0, worstMs: 0 }))
  const endMs = values.seconds === undefined ? Infinity : performance.now() + Number(values.seconds) * 1_000
  console.log(`seed ${seed}`)
  // In turns: a slow reader takes what the others leave of the time.
  for (let open = trials; open.length > 0 && performance.now() < endMs; open = open.filter(({ done }) => done < inputs))
    for (const trial of open) feed(trial, Math.min(inputs, trial.done + turn))
  for (const { reader, done, worstMs } of trials)
    console.log(`${reader.name.padEnd(16)}${String(done).padStart(9)} inputs  slowest ${worstMs.toFixed(1)} ms`)
  console.log(`held ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`)
}

interface Trial {
  readonly reader: FuzzedReader
  readonly random: ReturnType<typeof createRandom>
  done: number
  worstMs: number
}

function feed(trial: Trial, upTo: number): void {
  const { reader, random } = trial
  for (; trial.done < upTo; trial.done += 1) {
    const bytes = mutate(reader.seeds, random)
    const beganMs = performance.now()
    try {
      reader.read(bytes)
    } catch (error) {
      fail(reader, bytes, error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    const tookMs = performance.now() - beganMs
    trial.worstMs = Math.max(trial.worstMs, tookMs)
    if (tookMs > slowestMs) fail(reader, bytes, `took ${Math.round(tookMs)} ms`)
  }
  const heldMb = process.memoryUsage().rss / 2 ** 20
  if (heldMb > largestMb) {
    console.error(`${reader.name}: the process holds ${Math.round(heldMb)} MB`)
    process.exit(1)
  }
}

function fail({ name }: FuzzedReader, bytes: Buffer, why: string): never {
  const file = join(tmpdir(), `bezel-fuzz-${name.replaceAll(/\W+/g, '-')}.bin`)
  writeFileSync(file, bytes)
  console.error(`${name}: ${why}\nthe input is kept in ${file}`)
  process.exit(1)
}

main()
