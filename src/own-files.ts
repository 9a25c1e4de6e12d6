import { join } from 'node:path'

/** The folder that this code is in: `src` as sources, `dist` as the library, `build` as the bundled programs; each right below the package's root. */
export const codeFolder = import.meta.dirname

/** A file of bezel's own, by its path from the package's root: Ruby scripts, tables, package.json. */
export function ownFile(path: string): string {
  return join(codeFolder, '..', path)
}
