import type { ProcessPort } from '../shutdown/ports.ts'

/** This process's own signals. It does not exit here: the exit code goes back to the command line, which ends the process. */
export const processSignals: ProcessPort = {
  onSignal(signal, call) {
    process.on(signal, call)
    return () => process.removeListener(signal, call)
  },
  exit: () => {},
}
