import { expect, test } from 'vitest'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { LiveRun } from '../link/messages.ts'
import { writerEndsWithinMs } from './child-deaths.ts'
import { Reactions, type Reactors } from './reactions.ts'

const serving = { worker: 1, run: 7, processGroup: 70, address: { tag: 'Unix', path: '/s' }, slots: 5, keepAliveTimeoutMs: 0 } as const

/** What the reactions ask of the parts, in the order in which they do. */
function open(isCluster: boolean, live: readonly LiveRun[], isReady = true) {
  const asked: string[] = []
  const ask =
    (name: string) =>
    (...words: readonly unknown[]) =>
      void asked.push([name, ...words.filter((word) => typeof word !== 'object')].join(' '))
  const reactors: Reactors = {
    workers: { liveRuns: () => live, killRun: ask('killRun'), startIsPaused: ask('startIsPaused'), noteChildren: ask('noteChildren') },
    recovery: {
      watchRun: ask('watchRun'),
      runReady: ask('runReady'),
      forgetRun: ask('forgetRun'),
      handleSegmentationFault: ({ pid, ready }) => {
        asked.push(`record pid ${pid}${ready ? '' : ', never ready'}`)
        return 'incident'
      },
      settleRequests: ask('settleRequests'),
    },
    dataPlane: {
      runStarting: ask('runStarting'),
      runReady: ask('dataPlane.runReady'),
      pauseRun: ask('pauseRun'),
      resumeRun: ask('resumeRun'),
      runExited: ask('runExited'),
    },
    startup: { dataPlaneIsUp: ask('dataPlaneIsUp'), workerIsReady: ask('workerIsReady'), gaveUp: ask('gaveUp') },
    isCluster,
    closeSockets: ask('closeSockets'),
    reportEnded: ask('reportEnded'),
  }
  const clock = new ManualClock()
  const reactions = new Reactions(reactors, clock)
  reactions.react({ tag: 'RunStarted', worker: 1, run: 7, pid: 70 })
  if (isReady) reactions.react({ tag: 'RunReady', worker: 1, run: 7, pid: 70, bootMs: 1 })
  asked.length = 0
  reactions.react({ tag: 'CrashSuspected', run: 7, line: 'a.rb:1: [BUG] x' })
  reactions.react({ tag: 'CrashConfirmed', run: 7 })
  return { asked: () => asked.splice(0), clock, reactions }
}

const lives: LiveRun = { worker: 1, run: 7, processGroup: 70, serving }
const exited = { tag: 'RunExited', worker: 1, run: 7, pid: 70, exit: { code: 0, signal: null }, why: 'asked' } as const
const uptime = { ready: true, uptimeMs: 5, lastRssMb: null }
const childEnded = { tag: 'ClusterWorkersEnded', worker: 1, run: 7, pids: [71], total: 1, uptimeMs: 5 } as const
const goesOn = ['resumeRun 7', 'reportEnded 7', 'settleRequests 7']

test('a crash report ends its run', () => {
  const { asked, clock } = open(false, [lives])
  clock.turn(writerEndsWithinMs)
  expect(asked()).toEqual(['pauseRun 7', 'killRun 7 crashed'])
})

test("one of a cluster's worker is recorded when that ends, and the run goes on", () => {
  const { asked, reactions } = open(true, [lives])
  // The worker may be younger than the last look at them, and gone before the next.
  expect(asked()).toEqual(['noteChildren 7', 'pauseRun 7'])
  reactions.react(childEnded)
  expect(asked()).toEqual([...goesOn, 'record pid 71', 'watchRun', 'runReady 7'])
  reactions.react(childEnded)
  expect(asked()).toEqual([])
})

test('one whose writer is not seen to end is recorded all the same, also before the first worker serves', () => {
  const { asked, clock } = open(true, [{ ...lives, serving: null }], false)
  asked()
  clock.turn(writerEndsWithinMs)
  expect(asked()).toEqual([...goesOn, 'record pid 0, never ready', 'watchRun'])
})

test("a cluster that ends as asked behind a worker's report leaves an incident of it", () => {
  const { asked, reactions } = open(true, [])
  asked()
  reactions.react({ ...exited, ...uptime })
  expect(asked()).toEqual([...goesOn, 'record pid 0', 'forgetRun 7', 'runExited 7 false', 'closeSockets 7'])
})
