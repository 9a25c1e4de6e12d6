import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { listProcesses, readCommandLine, readDescriptors, readStat } from './proc-fs.ts'
import { readLock } from './runtime-directory.ts'
import { readOrNull } from './try-read.ts'

/** A bound for machines with very many processes: the answer is a help, not a need. */
const maxProcesses = 10_000

export interface ForeignBezel {
  readonly pid: number
  /** Name of the user that runs it, or the number where there is no name. */
  readonly user: string
  /** Whether it is known to hold up the app; else it may, and only that user may see. */
  readonly isOfApp: boolean
}

/** The app that a process, or its parent, holds up: it has that app's lock open. Null: none, or not ours to see. */
export function findHeldApp(pid: number): { readonly pid: number; readonly app: string } | null {
  for (const each of [pid, readStat(pid)?.parent ?? 0]) {
    const locks = [...readDescriptors(each).values()].filter((path) => basename(path) === 'lock')
    const held = locks.map((path) => readLock(dirname(path))).find((lock) => lock?.pid === each)
    if (held !== undefined && held !== null) return held
  }
  return null
}

/** A `bezel run` of another user that holds up `app` (a real path), or may: its command line is for all to read, its app isn't. Null: none is seen. */
export function findForeignBezel(app: string): ForeignBezel | null {
  for (const pid of listProcesses().slice(0, maxProcesses)) {
    // Options of Node's own stand before the program.
    const [program = '', command] = readCommandLine(pid)
      .slice(1)
      .filter((word) => !word.startsWith('-'))
    if (basename(program) !== 'bezel' || command !== 'run') continue
    const uid = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid
    if (uid === undefined || uid === process.getuid?.()) continue
    const held = findHeldApp(pid)
    if (held === null || held.app === app) return { pid, user: nameOf(uid), isOfApp: held !== null }
  }
  return null
}

/** As passwd(5) has it. */
export function nameOf(uid: number): string {
  const line = readOrNull('/etc/passwd')
    ?.split('\n')
    .find((each) => each.split(':')[2] === String(uid))
  return line?.split(':')[0] ?? String(uid)
}
