import { mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { LogConfig } from '../../config/config.ts'
import { BezelError } from '../../errors.ts'
import { systemClock } from '../../system/clock.ts'
import { createLineSink } from '../../system/line-sink.ts'
import { createLog, type Log } from './log.ts'

const standardError = 2

/** What may wait for a slow destination: the words of a crash, not a day of chatter. */
const maxBufferedBytes = 1_048_576

/** The most that a pipe takes in one piece (pipe(7), PIPE_BUF): the data plane writes to the same one. */
const maxLineBytes = 4_096

/**
 * The log of this process, on standard error or in a file that is appended to.
 * @throws BezelError SYSTEM_REFUSED when the file can't be opened
 */
export function openLog({ format, level, file }: LogConfig, colour: boolean): Log {
  const fd = file === null ? standardError : openLogFile(file)
  const sink = createLineSink(fd, { maxBufferedBytes, maxLineBytes, clock: systemClock })
  const readable = format === 'auto' ? file === null && process.stderr.isTTY : format === 'text'
  return createLog({ sink, fd, format: readable ? 'text' : 'json', colour: colour && file === null, level, now: () => new Date() })
}

function openLogFile(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true })
    return openSync(file, 'a', 0o640)
  } catch (error) {
    throw new BezelError(
      'SYSTEM_REFUSED',
      `the log can't be written to ${file}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}
