import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/system/clock.ts'
import { DiskTree } from '../../src/validation/files/disk-tree.ts'
import { ReportFile } from '../../src/validation/memory/report-memory.ts'
import { validationDefaults } from '../../src/validation/options.ts'
import { VersionValidator } from '../../src/validation/version-validator.ts'
import type { MadeApp } from '../../scripts/bundle/make-app.ts'

/** Milliseconds of a `bezel run`'s validation, load probe included: of a bundle seen for the first time, and of the same one unchanged. */
export async function measureStarts(
  { app, env }: MadeApp,
  rounds: number,
): Promise<{ readonly first: number[]; readonly second: number[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'bezel-bench-memory-'))
  const file = join(folder, 'validation.json')
  const start = async () => {
    const around = { memory: new ReportFile(file), openTree: (root: string | null) => new DiskTree(root) }
    const outside = { clock: systemClock, random: Math.random, emit: () => {} }
    const startedMs = performance.now()
    await new VersionValidator({ ...validationDefaults, appPath: app, env }, outside, around).validate()
    return performance.now() - startedMs
  }
  const [first, second]: [number[], number[]] = [[], []]
  try {
    for (let round = 0; round < rounds; round += 1) {
      rmSync(file, { force: true })
      first.push(await start())
      second.push(await start())
    }
    return { first, second }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
