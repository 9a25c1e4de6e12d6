import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { bundleDataPlane } from '../src/keeper/data-plane-file.ts'

/** Builds `dist/`: JavaScript with types from `src/`, and the data plane as one file. */
const root = resolve(import.meta.dirname, '..')
rmSync(resolve(root, 'dist'), { recursive: true, force: true })
execFileSync(process.execPath, [resolve(root, 'node_modules/typescript/bin/tsc'), '-p', resolve(root, 'tsconfig.build.json')], { stdio: 'inherit' })
await bundleDataPlane(resolve(root, 'src/data-plane/main.ts'), resolve(root, 'dist/data-plane.mjs'))
process.stdout.write('dist/ is built\n')
