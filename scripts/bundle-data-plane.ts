import { mkdirSync, renameSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { build } from 'rolldown'

/**
 * Bundles the data plane into one file, whole or not at all: `node scripts/bundle-data-plane.ts FILE`.
 * A process of its own, because the bundler's memory would otherwise stay with the keeper.
 */
const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('the file to write is missing: node scripts/bundle-data-plane.ts FILE')
const written = join(dirname(file), `.data-plane-${process.pid}.mjs`)
mkdirSync(dirname(file), { recursive: true })
await build({
  input: resolve(import.meta.dirname, '../src/data-plane/main.ts'),
  platform: 'node',
  logLevel: 'warn',
  output: { file: written, format: 'esm' },
})
renameSync(written, file)
