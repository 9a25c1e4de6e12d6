import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'

/** Builds what the package holds: `dist/`, the library as JavaScript with types, and `build/`, the programs. */
const root = resolve(import.meta.dirname, '..')
for (const folder of ['dist', 'build']) rmSync(resolve(root, folder), { recursive: true, force: true })
execFileSync(process.execPath, [resolve(root, 'node_modules/typescript/bin/tsc'), '-p', resolve(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
execFileSync(process.execPath, [resolve(root, 'scripts/bundle.ts')], { stdio: 'inherit' })
process.stdout.write('dist/ and build/ are made\n')
