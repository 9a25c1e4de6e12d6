import { readFileSync } from 'node:fs'

/** The version in package.json, which stands two folders up in a checkout and in the published package. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}
