import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'

/** Builds `dist/`: JavaScript with types from `src/`, and the data plane as one file. */
const root = resolve(import.meta.dirname, '..')
rmSync(resolve(root, 'dist'), { recursive: true, force: true })
execFileSync(process.execPath, [resolve(root, 'node_modules/typescript/bin/tsc'), '-p', resolve(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
execFileSync(process.execPath, [resolve(root, 'scripts/bundle-data-plane.ts'), resolve(root, 'dist/data-plane.mjs')], { stdio: 'inherit' })
process.stdout.write('dist/ is built\n')
