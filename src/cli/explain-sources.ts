import { readdirSync, statSync, type Dirent, type Stats } from 'node:fs'
import { join } from 'node:path'
import { BezelError } from '../errors.ts'

/** A log to read; `path` null is standard input. */
export interface Source {
  readonly path: string | null
  /** When a file was last written: the date of what has none. */
  readonly writtenAt: string | null
  /** Nobody named it, only a folder that it lies in. */
  readonly inFolder: boolean
}

/** Most files read of a folder, newest kept: a folder of rotated logs, not a whole disk. */
const maxFiles = 2_000
/** A folder that holds more is no folder of logs. */
const maxLooked = 200_000

/** Throws `BezelError` `COMMAND_LINE_WRONG` on a terminal, where nobody would pipe a log in. */
export function standardInput(): Source {
  if (process.stdin.isTTY)
    throw new BezelError('COMMAND_LINE_WRONG', 'Nothing to explain: name a file, or pipe a log in.', {
      remedy: ['docker logs web 2>&1 | bezel explain'],
    })
  return { path: null, writtenAt: null, inFolder: false }
}

/** The logs that one argument names. Throws `BezelError` `DATA_UNREADABLE`. */
export function toSources(file: string): Source[] {
  if (file === '-') return [{ path: null, writtenAt: null, inFolder: false }]
  const stat = lookAt(file)
  if (stat === undefined)
    throw new BezelError('DATA_UNREADABLE', `There is no file ${file} to explain.`, {
      remedy: /^\d{1,3}$/.test(file) ? [`bezel explain --exit-status ${file}`] : [],
    })
  // `/dev/stdin` may be one, `/dev/zero` never ends.
  if (stat.isBlockDevice() || (stat.isCharacterDevice() && endless.has(file)))
    throw new BezelError('DATA_UNREADABLE', `${file} is a device; wanted is a log.`)
  if (!stat.isDirectory()) return [{ path: file, writtenAt: stat.mtime.toISOString(), inFolder: false }]
  const sources = filesBelow(file)
  if (sources.length === 0) throw new BezelError('DATA_UNREADABLE', `There is no file in ${file} to explain.`)
  return sources
}

const endless: ReadonlySet<string> = new Set(['/dev/zero', '/dev/random', '/dev/urandom', '/dev/full'])

function lookAt(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch (error) {
    throw new BezelError('DATA_UNREADABLE', `${file} can not be read: ${error instanceof Error ? error.message : ''}.`)
  }
}

/** Files that a folder holds at any depth, oldest first; what goes or may not be read meanwhile is passed over. */
function filesBelow(top: string): Source[] {
  const found: (Source & { readonly writtenAt: string })[] = []
  const folders = [top]
  for (let folder = folders.pop(); folder !== undefined && found.length < maxLooked; folder = folders.pop())
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile()) {
        const stat = statOrNothing(path)
        if (stat !== undefined) found.push({ path, writtenAt: stat.mtime.toISOString(), inFolder: true })
      }
    }
  return found
    .sort((a, b) => b.writtenAt.localeCompare(a.writtenAt))
    .slice(0, maxFiles)
    .reverse()
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

function statOrNothing(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
