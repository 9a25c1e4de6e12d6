import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'rolldown'

/**
 * Bundles the programs into `build/`: the command line as `bezel.mjs` with a chunk for what each command needs, the data plane as one file.
 * A program of few files starts in half of the time, and holds less memory.
 */
const root = resolve(import.meta.dirname, '..')
const folder = join(root, 'build')
/** A bezel that was started from an earlier bundle may still load its chunks. */
const keptDays = 30
const startedAt = new Date()

await mkdir(folder, { recursive: true })
const made = mkdtempSync(join(folder, '.new-'))
try {
  const common = { cwd: root, platform: 'node', logLevel: 'warn' } as const
  await build({
    ...common,
    input: { bezel: 'src/cli/main.ts' },
    output: { dir: made, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
  })
  await build({ ...common, input: 'src/data-plane/main.ts', output: { file: join(made, 'data-plane.mjs'), format: 'esm' } })
  // The command line comes last: it is current from then on. A source that was changed meanwhile is newer than it.
  const names = readdirSync(made).sort((one, other) => Number(one === 'bezel.mjs') - Number(other === 'bezel.mjs'))
  for (const name of names) {
    utimesSync(join(made, name), startedAt, startedAt)
    renameSync(join(made, name), join(folder, name))
  }
} finally {
  rmSync(made, { recursive: true, force: true })
}
for (const name of readdirSync(folder)) {
  const path = join(folder, name)
  if (startedAt.getTime() - statSync(path).mtimeMs > keptDays * 86_400_000) rmSync(path, { recursive: true, force: true })
}
