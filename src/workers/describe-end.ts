import type { ExitStatus, RunEnd } from '../events/workers.ts'

const reasons: Record<RunEnd, string> = {
  asked: 'stopped as asked',
  crashed: 'ended unasked',
  'start-failed': 'ended before it answered',
  'start-timeout': 'did not answer within its start timeout',
  memory: 'exceeded its memory limit',
  hang: 'hung',
  'drain-timeout': 'did not end within its drain timeout',
}

/** One clause for a person: `ended before it answered (exit 1)`. */
export function describeEnd({ code, signal }: ExitStatus, why: RunEnd): string {
  return `${reasons[why]} (${signal ?? `exit ${code}`})`
}
