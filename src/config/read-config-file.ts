import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import { BezelError } from '../errors.ts'
import type { Problem } from './problem.ts'
import { decodeText } from './decode-text.ts'
import { maxFileBytes, readYamlFile, type YamlFile } from './yaml-file.ts'

/**
 * Reads bezel.yml; neither file nor problems: there is none, and it was not asked for.
 * @throws BezelError CONFIG_INVALID when it can't be read at all
 */
export function readConfigFile(
  path: string,
  isRequired: boolean,
): { readonly file: YamlFile | null; readonly problems: readonly Problem[] } {
  const name = showPath(path)
  let bytes: Buffer
  try {
    // A device or FIFO would never end.
    const stat = statSync(path)
    if (stat.isDirectory()) throw new Error('it is a folder')
    if (!stat.isFile()) throw new Error('it is not a file')
    if (stat.size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes / 1024} KB`)
    bytes = readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // Where the app's folder is none, that is said later.
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
    if (isMissing && !isRequired) return { file: null, problems: otherName(path) }
    const why = isMissing ? 'there is no such file' : error instanceof Error ? error.message : String(error)
    throw new BezelError('CONFIG_INVALID', `${name} can't be read: ${why}`, { cause: error })
  }
  const text = decodeText(name, bytes)
  return text.tag === 'Text' ? readYamlFile(name, text.text) : { file: null, problems: [text.problem] }
}

/** A configuration that someone wrote and that nothing reads is worse than a start that fails. */
function otherName(path: string): Problem[] {
  const other = join(dirname(path), 'bezel.yaml')
  return existsSync(other) ? [{ place: showPath(other), message: `is not read; call it ${basename(path)}, or name it with --config` }] : []
}

/** From here where it lies below, else whole. */
function showPath(path: string): string {
  const near = relative(process.cwd(), path)
  return isAbsolute(near) || near.startsWith('..') ? path : near
}
