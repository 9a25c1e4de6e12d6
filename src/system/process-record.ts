import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBootId, readEnvironment, readProcessGroup, readStat, type ProcessStat } from './proc-fs.ts'
import { makeFolder } from './make-folder.ts'
import { signalGroup } from './process-group.ts'
import { listOrEmpty } from './try-read.ts'
import { lastingNames } from './runtime-directory.ts'

/** The variable that every recorded process is started with; its value is the record's `mark`. */
export const markVariable = 'BEZEL_MARK'

interface Recorded {
  readonly bootId: string
  readonly mark: string
  readonly processGroup: number
  /** Seen in the group: pid and start time together name a process. */
  readonly members: readonly { readonly pid: number; readonly startTicks: number }[]
}

/**
 * Which process groups this keeper has started, on disk, so that the next one can end what a killed keeper left behind:
 * the parent-death signal reaches a worker but not what it forked.
 */
export class ProcessRecord {
  readonly #folder: string
  readonly #mark: string
  readonly #bootId = readBootId()
  readonly #written = new Map<number, string>()

  constructor(runtimeDir: string, mark: string) {
    this.#folder = join(runtimeDir, 'groups')
    this.#mark = mark
    makeFolder(this.#folder)
  }

  /**
   * Notes a group and the members known by now. Call again when they change; writes only then.
   * Never throws: a full disk must not cost a worker, whom the parent-death signal ends all the same.
   */
  note(processGroup: number, pids: readonly number[]): void {
    const members = pids.flatMap((pid) => {
      const stat = readStat(pid)
      return stat?.processGroup === processGroup ? [{ pid, startTicks: stat.startTicks }] : []
    })
    const text = JSON.stringify({ bootId: this.#bootId, mark: this.#mark, processGroup, members } satisfies Recorded)
    if (this.#written.get(processGroup) === text) return
    const path = join(this.#folder, String(processGroup))
    try {
      writeFileSync(`${path}.new`, text, { mode: 0o600 })
      renameSync(`${path}.new`, path)
      this.#written.set(processGroup, text)
    } catch {
      this.#written.delete(processGroup)
    }
  }

  forget(processGroup: number): void {
    this.#written.delete(processGroup)
    try {
      rmSync(join(this.#folder, String(processGroup)), { force: true })
    } catch {
      // The next start sweeps it.
    }
  }
}

/** A process that a killed keeper had left and that is now killed. */
export interface Leftover {
  readonly pid: number
  readonly processGroup: number
}

/**
 * Kills what an earlier keeper recorded and left, and empties the runtime directory of everything that doesn't last.
 * Only for the holder of that lock. A group is killed only when it is proven to be the recorded one.
 */
export function sweepLeftovers(runtimeDir: string): Leftover[] {
  const folder = join(runtimeDir, 'groups')
  const killed = listOrEmpty(folder).flatMap((name) => {
    const recorded = readRecorded(join(folder, name))
    return recorded === null ? [] : killRecorded(recorded)
  })
  for (const name of listOrEmpty(runtimeDir))
    if (!lastingNames.includes(name)) rmSync(join(runtimeDir, name), { recursive: true, force: true })
  return killed
}

function killRecorded(recorded: Recorded): Leftover[] {
  const { processGroup } = recorded
  const living = readProcessGroup(processGroup).filter(({ state }) => state !== 'Z')
  if (!living.some((stat) => isRecorded(stat, recorded))) return []
  signalGroup(processGroup, 'SIGKILL')
  return living.map(({ pid }) => ({ pid, processGroup }))
}

/**
 * The kernel gives no process a number that is still some group's, so one recorded member that lives proves the whole group.
 * Where all of them are gone, a process forked since shows itself by the mark in its environment.
 */
function isRecorded({ pid, startTicks }: ProcessStat, { bootId, mark, members }: Recorded): boolean {
  if (bootId !== readBootId()) return false
  return (
    members.some((member) => member.pid === pid && member.startTicks === startTicks) || readEnvironment(pid)?.get(markVariable) === mark
  )
}

function readRecorded(path: string): Recorded | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Recorded>
    const { bootId, mark, processGroup, members } = value
    if (typeof bootId !== 'string' || typeof mark !== 'string' || typeof processGroup !== 'number' || !Array.isArray(members)) return null
    return { bootId, mark, processGroup, members: members as Recorded['members'] }
  } catch {
    // Half written when its keeper was killed, or not ours.
    return null
  }
}
