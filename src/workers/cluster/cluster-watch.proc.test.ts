import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { watchLeaks } from '../../../test/support/leaks.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { readChildren, readStat } from '../../system/proc-fs.ts'
import { signalGroup, signalProcess } from '../../system/process-group.ts'
import { ClusterWatch, type WatchedServer } from './cluster-watch.ts'

watchLeaks()

let group: ChildProcess | null = null
afterEach(async () => {
  if (group === null || group.pid === undefined) return
  signalGroup(group.pid, 'SIGKILL')
  await once(group, 'exit')
  group = null
})

/** A server with two children, in a process group of its own. */
async function startServer(): Promise<{ readonly server: WatchedServer; readonly children: readonly number[] }> {
  group = spawn('sh', ['-c', 'sleep 60 & sleep 60 & wait; wait; sleep 60'], { stdio: 'ignore', detached: true })
  const pid = group.pid ?? 0
  await waitFor(() => readChildren(pid).length === 2)
  const state = { tag: 'Ready', run: 1, stableAtMs: null, past: { attempts: 0, failures: 0, paused: false } } as const
  return { server: { run: 1, livePid: pid, state }, children: readChildren(pid) }
}

async function end(pid: number): Promise<void> {
  signalProcess(pid, 'SIGKILL')
  await waitFor(() => readStat(pid) === null || readStat(pid)?.state === 'Z')
}

test('sees the end of a child between two looks', async () => {
  const { server, children } = await startServer()
  const watch = new ClusterWatch()
  expect(watch.look(server)).toEqual([])
  await end(children[0]!)
  expect([watch.look(server), watch.look(server), watch.deaths]).toEqual([[children[0]], [], 1])
})

test('sees the end of a child that is younger than the last look, once it was noted', async () => {
  const { server, children } = await startServer()
  const watch = new ClusterWatch()
  watch.look({ ...server, livePid: null })
  watch.note(server)
  await end(children[0]!)
  expect(watch.look(server)).toEqual([children[0]])
})

test('notes what it had noted before, and nothing of an earlier run', async () => {
  const { server, children } = await startServer()
  const watch = new ClusterWatch()
  watch.look(server)
  await end(children[0]!)
  watch.note(server)
  expect(watch.look(server)).toEqual([children[0]])
  await end(children[1]!)
  watch.note({ ...server, run: 2 })
  expect(watch.look({ ...server, run: 2 })).toEqual([])
})

test("tells no end of a child that is missing from the server's list and lives", async () => {
  const { server, children } = await startServer()
  const watch = new ClusterWatch()
  watch.look(server)
  await end(children[0]!)
  expect(watch.look({ ...server, livePid: process.pid })).toEqual([children[0]])
})
