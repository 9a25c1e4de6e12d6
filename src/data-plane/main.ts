import { createChannel } from '../link/channel.ts'
import { systemClock } from '../system/clock.ts'
import { createReopenableSink } from '../system/reopenable-sink.ts'
import { DataPlane, type ForKeeper, type FromKeeper } from './assemble.ts'

/** Its stderr is the keeper's log: both write whole lines of at most 4 KB to the same descriptor. */
const logFd = 2
const logBytes = { maxBufferedBytes: 1_048_576, maxLineBytes: 4_096 }

// It ends on the keeper's word, or when the keeper is gone; a signal to the terminal's process group must not end it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const sink = createReopenableSink(logFd, false, { ...logBytes, clock: systemClock })
const link = createChannel<FromKeeper, ForKeeper>(process)
const dataPlane = new DataPlane(link, { clock: systemClock, random: Math.random }, process.argv.includes('--access-log') ? sink : null)

/** The keeper is gone and nobody else can end what it started. */
function killRuns(): void {
  for (const group of dataPlane.processGroups()) {
    try {
      process.kill(-group, 'SIGKILL')
    } catch {
      // It ended already.
    }
  }
}

link.onClosed(() => {
  killRuns()
  process.exit(0)
})

dataPlane.onReopenLog = (path) => {
  try {
    sink.reopen(path)
  } catch {
    // The keeper has said why, and the old file goes on.
  }
}

dataPlane.onClosed = () => {
  void sink.close(100).finally(() => link.close())
}
