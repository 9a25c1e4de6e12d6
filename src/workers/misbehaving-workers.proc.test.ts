import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { ask, livingIn, rubyLaunch, serving, startsOneATest } from '../../test/support/workers.ts'
import { systemClock } from '../system/clock.ts'
import { readDescendants, readStat } from '../system/proc-fs.ts'
import { signalProcess } from '../system/process-group.ts'

watchLeaks()
const start = startsOneATest()

describe('a worker that misbehaves', () => {
  test('that dies at boot is given up at the limit, with its last words', async () => {
    const bezel = start(rubyLaunch('dies-at-boot.rb', 'boom'), { restart: { failuresToGiveUp: 4 } })
    const gaveUp = await bezel.fact('WorkersGaveUp')
    expect(gaveUp).toMatchObject({ worker: 1, failures: 4, failedStarts: 4, remedy: ['bezel incidents'] })
    expect(gaveUp.lastLines.filter((line) => line.includes('boom'))).toHaveLength(1)
    expect(gaveUp.lastLines.filter((line) => line.includes('from '))).toEqual([])
    expect(gaveUp.lastLines).toContain('cannot load such file -- boom (LoadError)')
    expect(bezel.facts('RunExited').every(({ why, exit, ready }) => why === 'start-failed' && exit.code === 1 && !ready)).toBe(true)
    expect(bezel.facts('RunStarted')).toHaveLength(4)
    expect(bezel.manager.snapshot()).toMatchObject({ hasGivenUp: true, ready: 0, workers: [{ healthStatus: 'gave_up', crashCount: 4 }] })
    expect(bezel.manager.snapshot().workers[0]?.errorHistory.at(-1)).toMatchObject({ run: 4, message: 'ended before it answered (exit 1)' })
  })

  test('that dies at boot beside others that do: the failed starts of all are limited and told', async () => {
    const restart = { failuresToGiveUp: 4, extraFailuresPerWorker: 1, backoff: { baseMs: 20, capMs: 40 } }
    const bezel = start(rubyLaunch('dies-at-boot.rb'), { count: 3, restart })
    const gaveUp = await bezel.fact('WorkersGaveUp')
    expect(gaveUp.failedStarts).toBeLessThanOrEqual(6)
    expect(gaveUp.failedStarts).toBe(bezel.facts('RestartScheduled').length)
    expect(gaveUp.failures).toBeLessThan(gaveUp.failedStarts)
  })

  test('that dies at boot: at most 5 starts in the first 2 s', async () => {
    const bezel = start(rubyLaunch('dies-at-boot.rb'), { restart: { failuresToGiveUp: 1_000 } })
    await bezel.fact('RunStarted')
    const untilMs = systemClock.nowMs() + 2_000
    await waitFor(() => systemClock.nowMs() >= untilMs)
    expect(bezel.facts('RunStarted').length).toBeGreaterThan(1)
    expect(bezel.facts('RunStarted').length).toBeLessThanOrEqual(5)
  })

  test('that dies at boot is not given up while another serves, nor while a database is away', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bzl-once-'))
    // The first to start makes the folder and serves; all others die.
    const script = `mkdir ${folder}/taken 2>/dev/null && exec ruby --disable-gems well.rb {socket} || exec ruby --disable-gems dies-at-boot.rb`
    const bezel = start(
      { ...rubyLaunch('well.rb'), command: ['sh', '-c', script] },
      { count: 2, restart: { failuresToGiveUp: 2, backoff: { baseMs: 20, capMs: 40 } } },
    )
    await bezel.fact('RunReady')
    await bezel.fact('RunExited', 6)
    expect(bezel.facts('WorkersGaveUp')).toEqual([])
    bezel.manager.startIsPaused(true)
    process.kill(serving(bezel, bezel.facts('RunReady')[0]!.worker).processGroup, 'SIGKILL')
    const before = bezel.facts('RunExited').length
    await bezel.fact('RunExited', before + 6)
    expect(bezel.facts('WorkersGaveUp')).toEqual([])
    bezel.manager.startIsPaused(false)
    await bezel.fact('WorkersGaveUp')
    rmSync(folder, { recursive: true })
  })

  test('that never listens is killed at its start deadline', async () => {
    const bezel = start(rubyLaunch('never-listens.rb'), { startTimeoutMs: 700 })
    expect(await bezel.fact('RunExited')).toMatchObject({ why: 'start-timeout', exit: { signal: 'SIGKILL' }, ready: false })
    expect(bezel.facts('RunUnanswered')).toMatchObject([{ run: 1, listens: false, listensOn: [], refusal: '' }])
    await bezel.fact('RestartScheduled')
  })

  test('that listens elsewhere is told where it was expected and where it is', async () => {
    const script = "require 'socket'; server = TCPServer.new('127.0.0.1', 0); puts server.addr[1]; $stdout.flush; sleep"
    const launch = { ...rubyLaunch('well.rb'), command: ['ruby', '--disable-gems', '-e', script], listens: { tag: 'Port' } as const }
    const bezel = start(launch, { startTimeoutMs: 1_500 })
    const told = await bezel.fact('RunUnanswered')
    expect(told).toMatchObject({ address: expect.stringMatching(/^127\.0\.0\.1:\d+$/), listens: false })
    expect(told.listensOn).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)])
    expect(told.listensOn).not.toContain(told.address)
    expect(told.remedy.join()).toContain("'$PORT'")
  })

  test('that listens but refuses is not ready until it accepts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bzl-flag-'))
    const bezel = start(rubyLaunch('refuses.rb', join(folder, 'flag')))
    const errors = () => bezel.manager.snapshot().workers[0]!.errorHistory
    await waitFor(() => errors().length > 0)
    expect(errors()).toMatchObject([{ run: 1, message: 'not ready: GET / was answered with 500' }])
    expect(bezel.facts('RunReady')).toEqual([])
    writeFileSync(join(folder, 'flag'), '')
    await bezel.fact('RunReady')
    rmSync(folder, { recursive: true })
  })

  test('that ignores TERM gets SIGKILL before the deadline, and counts as cut off', async () => {
    const bezel = start(rubyLaunch('ignores-term.rb'))
    const { pid } = await bezel.fact('RunReady')
    const deadlineMs = systemClock.nowMs() + 1_000
    expect(await bezel.manager.stop(deadlineMs)).toEqual({ requests: 0, transactions: 0, processes: 1 })
    expect(bezel.facts('RunExited')).toMatchObject([{ why: 'drain-timeout', exit: { signal: 'SIGKILL' } }])
    expect(readStat(pid)).toBeNull()
  })

  test('whose process is stopped ends all the same', async () => {
    const bezel = start(rubyLaunch('well.rb'))
    const { pid } = await bezel.fact('RunReady')
    signalProcess(pid, 'SIGSTOP')
    await bezel.manager.stop(systemClock.nowMs() + 1_000)
    expect(bezel.facts('RunExited')).toMatchObject([{ exit: { signal: 'SIGKILL' } }])
  })

  test('that forked: when RunExited is told, none of its process group lives', async () => {
    const living: number[][] = []
    const bezel = start(rubyLaunch('forks.rb'), {}, { outputEnded: () => {} })
    const { pid } = await bezel.fact('RunReady')
    await waitFor(() => livingIn(pid).length === 5)
    expect(readDescendants(pid)).toHaveLength(4)
    signalProcess(pid, 'SIGKILL')
    await bezel.fact('RunExited')
    // They have SIGKILL by then; the kernel may still be taking them down.
    await waitFor(() => {
      living.push(livingIn(pid))
      return living.at(-1)!.length === 0
    }, 2_000)
    await bezel.fact('RunReady', 2)
  })

  test('that floods stderr is drained without end, what is too much is dropped and counted, and it still answers', async () => {
    let passed = 0
    const bezel = start(
      rubyLaunch('floods-stderr.rb'),
      { output: { burstBytes: 1_000_000, bytesPerSecond: 100_000 }, memory: { rssEveryMs: 100 } },
      { onOutput: (_run, _stream, chunk) => void (passed += chunk.length) },
    )
    await bezel.fact('RunReady')
    expect((await bezel.fact('OutputDropped', 3)).bytes).toBeGreaterThan(0)
    expect(passed).toBeLessThan(5_000_000)
    expect(await ask(serving(bezel).address, '/')).toBe('hello')
  })

  test('that closes stdout goes on, and its stderr is still read', async () => {
    const bezel = start(rubyLaunch('closes-stdout.rb'))
    await bezel.fact('RunReady')
    await waitFor(() => bezel.output(1).includes('closing'))
    expect(await ask(serving(bezel).address, '/')).toBe('hello')
    expect(bezel.outputHasEnded(1)).toBe(false)
  })

  test('that opens /dev/stderr and /dev/stdout is heard', async () => {
    const bezel = start(rubyLaunch('opens-dev-stderr.rb'))
    await bezel.fact('RunReady')
    await waitFor(() => bezel.output(1).includes('through /dev/stderr') && bezel.output(1).includes('through /dev/stdout'))
  })

  test('its last words come before its RunExited', async () => {
    let seen = 0
    const seenAtExit: number[] = []
    const bezel = start(
      { ...rubyLaunch('x'), command: ['ruby', '--disable-gems', '-e', '$stderr.syswrite("x" * 60_000); exit!(3)'] },
      {},
      { onOutput: (_run, _stream, chunk) => void (seen += chunk.length) },
      (event) => event.tag === 'RunExited' && seenAtExit.push(seen),
    )
    await bezel.fact('RunExited', 3)
    expect(seenAtExit.slice(0, 3)).toEqual([60_000, 120_000, 180_000])
  })

  test('that outgrows its soft limit is drained and replaced', async () => {
    const bezel = start(rubyLaunch('well.rb'), { memory: { rssEveryMs: 100, softLimitMb: 150 } })
    await bezel.fact('RunReady')
    // The answer may be cut off: nobody drains here.
    await ask(serving(bezel).address, '/grow?200').catch(() => {})
    expect(await bezel.fact('MemoryExceeded')).toMatchObject({ run: 1, limit: 'soft', limitMb: 150 })
    expect(await bezel.fact('RunExited')).toMatchObject({ run: 1, why: 'memory', exit: { code: 0 } })
    await bezel.fact('RunReady', 2)
    expect(bezel.facts('RestartScheduled')).toEqual([])
  })

  test('whose app is larger than its soft limit is not replaced for ever', async () => {
    const bezel = start(rubyLaunch('well.rb'), { memory: { rssEveryMs: 20, pssEveryMs: 20, softLimitMb: 1 } })
    await bezel.fact('RunReady', 2)
    const { starts } = { starts: bezel.facts('RunStarted').length }
    for (let round = 0; round < 5; round += 1) await bezel.manager.monitorWorkerHealth()
    expect([starts, bezel.facts('RunStarted').length, bezel.facts('MemoryExceeded').length]).toEqual([2, 2, 1])
  })

  test('that outgrows its hard limit is killed', async () => {
    const bezel = start(rubyLaunch('well.rb'), { memory: { rssEveryMs: 100, hardLimitMb: 200 } })
    await bezel.fact('RunReady')
    await ask(serving(bezel).address, '/grow?400').catch(() => {})
    expect(await bezel.fact('MemoryExceeded')).toMatchObject({ run: 1, limit: 'hard' })
    const exited = await bezel.fact('RunExited')
    expect(exited).toMatchObject({ run: 1, why: 'memory', exit: { signal: 'SIGKILL' } })
    expect(exited.lastRssMb).toBeGreaterThan(200)
  })

  test('tells its memory when asked', async () => {
    const bezel = start(rubyLaunch('well.rb'))
    expect(await bezel.manager.checkMemoryUsage(2)).toBeNull()
    await bezel.fact('RunReady')
    const reading = (await bezel.manager.checkMemoryUsage(1))!
    expect(reading).toMatchObject({ workerId: 1, run: 1 })
    expect(reading.rssMb).toBeGreaterThan(5)
    expect(reading.pssMb).toBeGreaterThan(1)
    expect(bezel.manager.snapshot().workers[0]?.memoryUsageMb).toBe(reading.pssMb)
  })

  test('that hangs is killed after its other requests are drained, within the bound', async () => {
    const drained: number[] = []
    const bezel = start(
      rubyLaunch('ignores-term.rb'),
      { hangDrainMs: 300 },
      { drained: (run) => (drained.push(run), new Promise(() => {})) },
    )
    await bezel.fact('RunReady')
    bezel.manager.killRun(1, 'hang')
    expect(await bezel.fact('RunExited')).toMatchObject({ run: 1, why: 'hang', exit: { signal: 'SIGKILL' } })
    expect(drained).toEqual([1])
    await bezel.fact('RunReady', 2)
  })

  test('of which a crash is reported is noted, taken out of rotation, and killed if it goes on', async () => {
    const bezel = start(rubyLaunch('well.rb'), { crashGraceMs: 200 })
    await bezel.fact('RunReady')
    bezel.manager.handleWorkerCrash(1, new Error('[BUG] Segmentation fault'))
    expect(bezel.facts('RunDraining')).toMatchObject([{ run: 1, why: 'crashed' }])
    expect(bezel.manager.liveRuns()).toMatchObject([{ run: 1, serving: null }])
    expect(await bezel.fact('RunExited')).toMatchObject({ why: 'crashed', exit: { signal: 'SIGKILL' } })
    expect(bezel.manager.snapshot().workers[0]?.errorHistory.map(({ message }) => message)).toEqual([
      '[BUG] Segmentation fault',
      'ended unasked (SIGKILL)',
    ])
  })
})
