import { execFileSync, spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { makeApp } from '../../scripts/bundle/make-app.ts'
import { measureStarts } from './second-start.ts'

const bezel = resolve(import.meta.dirname, '../../bin/bezel')
const rounds = 15

interface Measure {
  readonly ms: number
  readonly mb: number
}

/** Whole processes, interleaved with an empty Node, as medians; memory is the peak that the kernel counted. */
async function main(): Promise<void> {
  execFileSync(process.execPath, [resolve(import.meta.dirname, '../../scripts/bundle.ts')])
  console.log('gems  extensions  whole process  peak memory  empty Node  per extension')
  let empty60 = 0
  for (const [gems, native] of [
    [1, 1],
    [300, 60],
    [1000, 250],
    [1000, 1000],
  ] as const) {
    const bundle = makeApp(gems, native)
    try {
      const doctor: Measure[] = []
      const node: Measure[] = []
      for (let round = 0; round < rounds; round += 1) {
        node.push(measure(process.execPath, ['-e', ''], bundle.env))
        doctor.push(measure(bezel, ['doctor', '--no-probe', '--format', 'json', bundle.app], bundle.env))
      }
      const [whole, empty] = [median(doctor), median(node)]
      if (native === 1) empty60 = whole.ms
      const each = native === 1 ? 'n/a' : `${((whole.ms - empty60) / native).toFixed(2)} ms`
      console.log(
        `${String(gems).padStart(4)}  ${String(native).padStart(10)}  ${whole.ms.toFixed(0).padStart(10)} ms  ${whole.mb.toFixed(0).padStart(8)} MB  ${empty.ms.toFixed(0).padStart(7)} ms  ${each}`,
      )
      const { first, second } = await measureStarts(bundle, 5)
      console.log(`      a start of bezel run: ${middle(first).toFixed(0)} ms, with the bundle unchanged ${middle(second).toFixed(0)} ms`)
    } finally {
      bundle.remove()
    }
  }
}

function measure(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Measure {
  const startedMs = performance.now()
  const run = spawnSync('/usr/bin/time', ['--format', '%M', file, ...args], { env, encoding: 'utf8' })
  const ms = performance.now() - startedMs
  if (run.status !== 0) throw new Error(`${file} ended with ${run.status}: ${run.stderr}`)
  return { ms, mb: Number(run.stderr.trim().split('\n').at(-1)) / 1024 }
}

function middle(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

function median(measures: readonly Measure[]): Measure {
  return { ms: middle(measures.map(({ ms }) => ms)), mb: middle(measures.map(({ mb }) => mb)) }
}

execFileSync(bezel, ['--version'], { stdio: 'ignore' })
await main()
