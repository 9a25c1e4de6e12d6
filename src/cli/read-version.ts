import { readFileSync } from 'node:fs'
import { ownFile } from '../own-files.ts'

/** The version in package.json. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { version: string }
  return version
}
