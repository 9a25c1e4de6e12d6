import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** The checkout's root, absolute. */
export const root = resolve(import.meta.dirname, '../..')

export interface SourceFile {
  /** Path from the root, `src/net/pump.ts`. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

export interface Import {
  /** As written: `node:fs`, `zod`, `../errors.ts`. */
  readonly specifier: string
  /** Path from the root for a file of this project, else null. */
  readonly target: string | null
  /** Erased at run time. */
  readonly typeOnly: boolean
}

const importPattern = /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm

/** Reads the imports of one file; `path` and the targets are relative to the root. */
export function readImports(path: string, text: string): Import[] {
  return [...text.matchAll(importPattern)].map(([, type, stated, lazy]) => {
    const specifier = stated ?? lazy ?? ''
    const target = specifier.startsWith('.') ? relative(root, resolve(root, dirname(path), specifier)) : null
    return { specifier, target, typeOnly: type !== undefined }
  })
}

/** Every TypeScript file below a folder of the root, tests included. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => {
      const path = relative(root, join(entry.parentPath, entry.name))
      const text = readFileSync(join(root, path), 'utf8')
      return { path, text, imports: readImports(path, text) }
    })
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts')
}
