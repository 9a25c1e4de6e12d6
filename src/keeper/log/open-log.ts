import { dirname } from 'node:path'
import type { LogConfig } from '../../config/config.ts'
import { BezelError } from '../../errors.ts'
import { systemClock } from '../../system/clock.ts'
import { makeFolder } from '../../system/make-folder.ts'
import { createReopenableSink, openLogFile } from '../../system/reopenable-sink.ts'
import { createLog, type Log } from './log.ts'

const standardError = 2

/** What may wait for a slow destination: the words of a crash, not a day of chatter. */
const maxBufferedBytes = 1_048_576

/** The most that a pipe takes in one piece (pipe(7), PIPE_BUF): the data plane writes to the same one. */
const maxLineBytes = 4_096

/** The log of this process, and the file that it is in. */
export interface OpenLog extends Log {
  /** Null: standard error. */
  readonly file: string | null
  /**
   * Opens the file anew, because the old one was rotated away. Without a file nothing happens.
   * @throws BezelError SYSTEM_REFUSED when it can't be opened; the old one is written on
   */
  reopen(): void
}

/**
 * The log of this process, on standard error or in a file that is appended to.
 * @throws BezelError SYSTEM_REFUSED when the file can't be opened
 */
export function openLog({ format, level, file }: LogConfig, colour: boolean): OpenLog {
  const fd = file === null ? standardError : attempt(file, () => openInFolder(file))
  const sink = createReopenableSink(fd, file !== null, { maxBufferedBytes, maxLineBytes, clock: systemClock })
  const readable = format === 'auto' ? file === null && process.stderr.isTTY : format === 'text'
  const log = createLog({ sink, fd, format: readable ? 'text' : 'json', colour: colour && file === null, level, now: () => new Date() })
  return {
    ...log,
    get place() {
      return { ...log.place, fd: sink.fd }
    },
    file,
    reopen: () => {
      if (file !== null) attempt(file, () => sink.reopen(file))
    },
  }
}

function openInFolder(file: string): number {
  // Whoever ships logs is another user.
  makeFolder(dirname(file), 0o755)
  return openLogFile(file)
}

function attempt<Result>(file: string, open: () => Result): Result {
  try {
    return open()
  } catch (error) {
    throw new BezelError(
      'SYSTEM_REFUSED',
      `the log can't be written to ${file}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}
