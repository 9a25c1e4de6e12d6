import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { AppFacts } from '../../workers/servers/server-rules.ts'
import type { AppFolder } from './detect-app.ts'

/** Larger than any configuration that a person wrote. */
const maxTextBytes = 1_048_576

/** What the servers' own rules look at. */
export function toAppFacts({ path: folder, lock }: AppFolder, environment: AppFacts['environment']): AppFacts {
  return {
    gems: new Map([...(lock?.gems ?? [])].map(([name, { version }]) => [name, version])),
    hasBundle: lock !== null,
    environment,
    cpus: availableParallelism(),
    readText: (path) => readText(join(folder, path)),
  }
}

function readText(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8')
    return text.length > maxTextBytes ? null : text
  } catch {
    return null
  }
}
