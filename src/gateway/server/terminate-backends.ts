import type { Clock } from '../../resilience/drive.ts'
import type { ServerControl } from './server-control.ts'

/** Has the server end backends from the control connection, and waits for it; true when none of them is left (or the login may not tell). */
export async function terminateBackends(control: ServerControl, pids: readonly number[], withinMs: number, clock: Clock): Promise<boolean> {
  const list = pids.filter((pid) => Number.isInteger(pid) && pid > 0).join(',')
  if (list === '') return true
  const deadlineMs = clock.nowMs() + withinMs
  const left = () => Math.max(1, Math.ceil(deadlineMs - clock.nowMs()))
  const targets = `pg_stat_activity WHERE pid IN (${list}) AND pid <> pg_backend_pid()`
  // The second parameter, how long to wait, came with PostgreSQL 14.
  const waits = (control.majorVersion ?? 0) >= 14
  await control.ask(`SELECT pg_terminate_backend(pid${waits ? `, ${left()}` : ''}) FROM ${targets}`, withinMs)
  while (clock.nowMs() < deadlineMs) {
    const rows = await control.ask(`SELECT count(*) FROM ${targets}`, left())
    if (rows === null) return false
    if (rows[0]?.[0] === '0') return true
    await new Promise<void>((resolve) => void clock.at(clock.nowMs() + 20, resolve))
  }
  return false
}
