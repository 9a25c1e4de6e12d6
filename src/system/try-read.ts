import { readdirSync, readFileSync } from 'node:fs'

/** The bytes of a file as Latin-1 text; null when it can't be read, or is gone. */
export function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

/** Names in a folder; none when it can't be read, or is gone. */
export function listOrEmpty(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
