import { closeSync, openSync } from 'node:fs'
import { createLineSink, type LineSink, type LineSinkOptions } from './line-sink.ts'

/** A log destination that can be put into another file while it is written to: a file that was rotated away is renamed, not emptied. */
export interface ReopenableSink extends LineSink {
  /** Where lines go now. */
  readonly fd: number
  /**
   * Opens the file at `path`, made if missing (mode 0640), and writes all further lines there. Throws what open(2) says, and nothing has changed.
   */
  reopen(path: string): void
}

/** What is still held for the old file gets this long, in milliseconds; a regular file takes it at once. */
const lastLinesMs = 1_000

/** `isOwn`: whether `fd` is closed once another has taken its place. */
export function createReopenableSink(fd: number, isOwn: boolean, options: LineSinkOptions): ReopenableSink {
  let now = { fd, isOwn, sink: createLineSink(fd, options) }
  const older = new Set<LineSink>()
  let lost = 0
  const retire = async ({ fd, isOwn, sink }: typeof now) => {
    await sink.close(lastLinesMs)
    older.delete(sink)
    lost += sink.dropped()
    if (isOwn) closeSync(fd)
  }
  return {
    get fd() {
      return now.fd
    },
    write: (line) => now.sink.write(line),
    dropped: () => [...older].reduce((sum, sink) => sum + sink.dropped(), lost + now.sink.dropped()),
    reopen(path) {
      const next = openLogFile(path)
      const old = now
      now = { fd: next, isOwn: true, sink: createLineSink(next, options) }
      older.add(old.sink)
      void retire(old)
    },
    close: async (withinMs) => {
      await Promise.all([now.sink, ...older].map((sink) => sink.close(withinMs)))
    },
  }
}

/** Appends: several processes write to it. Throws what open(2) says. */
export function openLogFile(path: string): number {
  return openSync(path, 'a', 0o640)
}
