import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { ask, freePort, holdUp, livingIn, misbehaving, rubyLaunch, type HeldUp } from '../../test/support/workers.ts'
import { BezelError } from '../errors.ts'
import type { ServingRun } from '../link/messages.ts'
import { systemClock } from '../system/clock.ts'
import { readDescendants, readStat } from '../system/proc-fs.ts'
import { sweepLeftovers } from '../system/process-record.ts'
import { signalProcess } from '../system/process-group.ts'
import { workersDefaults } from './options.ts'

watchLeaks()

let held: HeldUp | null = null
afterEach(async () => {
  await held?.end()
  held = null
})

function start(...args: Parameters<typeof holdUp>): HeldUp {
  held = holdUp(...args)
  held.manager.start()
  return held
}

function serving({ manager }: HeldUp, worker = 1): ServingRun {
  const run = manager.liveRuns().find((live) => live.worker === worker)?.serving
  if (run === undefined || run === null) throw new Error(`worker ${worker} doesn't serve`)
  return run
}

describe('a worker that behaves', () => {
  test('is ready when it answers, and is stopped by its signal with nothing left', async () => {
    const bezel = start(rubyLaunch('well.rb'))
    expect(bezel.manager.liveRuns()).toEqual([])
    const ready = await bezel.fact('RunReady')
    const run = serving(bezel)
    expect(run).toMatchObject({ worker: 1, run: 1, processGroup: ready.pid, slots: 5 })
    expect(await ask(run.address, '/pid')).toBe(String(ready.pid))
    expect(bezel.manager.snapshot().workers).toMatchObject([{ workerId: 1, processId: ready.pid, crashCount: 0, healthStatus: 'healthy' }])
    expect(await bezel.manager.stop(systemClock.nowMs() + 10_000)).toEqual({ requests: 0, transactions: 0, processes: 0 })
    expect(bezel.facts('RunExited')).toMatchObject([{ run: 1, exit: { code: 0, signal: null }, why: 'asked', ready: true }])
    await waitFor(() => bezel.outputHasEnded(1))
    expect(readdirSync(bezel.settings.runtimeDir)).toEqual(['groups'])
    expect(readdirSync(join(bezel.settings.runtimeDir, 'groups'))).toEqual([])
  })

  test('may listen on $PORT', async () => {
    const bezel = start({
      ...rubyLaunch('well.rb'),
      command: ['ruby', '--disable-gems', join(misbehaving, 'well.rb')],
      listens: { tag: 'Port' },
    })
    const { pid } = await bezel.fact('RunReady')
    expect(serving(bezel).address).toMatchObject({ tag: 'Tcp', host: '127.0.0.1' })
    expect(await ask(serving(bezel).address, '/pid')).toBe(String(pid))
  })

  test('is started apart from the keeper: its own session, no descriptor but its own three, no core file, first for the kernel to kill', async () => {
    const spare = createServer().listen(0, '127.0.0.1')
    await once(spare, 'listening')
    const bezel = start(
      rubyLaunch('shows-surroundings.rb'),
      { umask: 0o027, environment: { ADDED: 'here', NOTIFY_SOCKET: 'mine' } },
      { beforeStart: (worker, run) => Promise.resolve({ env: { DATABASE_URL: `postgresql://${worker}/${run}` } }) },
    )
    await bezel.fact('RunReady')
    spare.close()
    await waitFor(() => bezel.output(1).includes('shown'))
    const lines = bezel.output(1).split('\n')
    const inherited = lines.filter((line) => /^fd (?![012] )/.test(line) && !/ \/dev\/null$|\/proc\/\d+\/fd$|anon_inode/.test(line))
    expect(inherited).toEqual([])
    expect(lines.filter((line) => /^fd [12] /.test(line)).every((line) => !line.includes('socket'))).toBe(true)
    expect(lines).toEqual(
      expect.arrayContaining([
        'core 0                    0',
        'oom 500',
        'umask 0027',
        'group true session true',
        'env ADDED=here',
        'env DATABASE_URL=postgresql://1/1',
        'env NOTIFY_SOCKET=mine',
      ]),
    )
    expect(lines.filter((line) => line.startsWith('env BEZEL_')).map((line) => line.split('=')[0])).toEqual(['env BEZEL_MARK'])
  })

  test('gets a run of its own number and address each time', async () => {
    const bezel = start(rubyLaunch('well.rb'))
    await bezel.fact('RunReady')
    const first = serving(bezel)
    expect(await bezel.manager.drainAndReplace(1, 'asked')).toBe('replaced')
    expect(serving(bezel).run).toBe(2)
    expect(serving(bezel).address).not.toEqual(first.address)
    expect(bezel.facts('RunExited')).toMatchObject([{ run: 1, why: 'asked', exit: { code: 0 } }])
    expect(await bezel.manager.drainAndReplace(1, 'asked')).toBe('gone')
  })
})

describe('a worker that misbehaves', () => {
  test('that dies at boot is given up at the limit, with its last words', async () => {
    const bezel = start(rubyLaunch('dies-at-boot.rb', 'boom'), { restart: { failuresToGiveUp: 4 } })
    const gaveUp = await bezel.fact('WorkersGaveUp')
    expect(gaveUp).toMatchObject({ worker: 1, failures: 4 })
    expect(gaveUp.lastLines).toContain('cannot load such file -- boom (LoadError)')
    expect(bezel.facts('RunExited').every(({ why, exit, ready }) => why === 'start-failed' && exit.code === 1 && !ready)).toBe(true)
    expect(bezel.facts('RunStarted')).toHaveLength(4)
    expect(bezel.manager.snapshot()).toMatchObject({ hasGivenUp: true, ready: 0, workers: [{ healthStatus: 'gave_up', crashCount: 4 }] })
    expect(bezel.manager.snapshot().workers[0]?.errorHistory.at(-1)).toMatchObject({ run: 4, message: 'ended before it answered (exit 1)' })
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
    await bezel.fact('RestartScheduled')
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

describe('several workers', () => {
  test('a death holding a request is replaced at once; one that held none waits', async () => {
    const bezel = start(rubyLaunch('well.rb'), {}, { heldRequests: (run) => Promise.resolve(run === 1) })
    await bezel.fact('RunReady')
    await ask(serving(bezel).address, '/kill').catch(() => {})
    await bezel.fact('RunReady', 2)
    expect(bezel.facts('RestartScheduled')).toEqual([])
    await ask(serving(bezel).address, '/exit?3').catch(() => {})
    expect(await bezel.fact('RestartScheduled')).toMatchObject({ worker: 1, failures: 1 })
    expect((await bezel.fact('RunExited', 2)).exit).toEqual({ code: 3, signal: null })
  })

  test('both killed within 10 ms: both come back, and nothing else does', async () => {
    const bezel = start(rubyLaunch('well.rb'), { count: 2 }, { heldRequests: () => Promise.resolve(true) })
    await bezel.fact('RunReady', 2)
    for (const worker of [1, 2]) signalProcess(serving(bezel, worker).processGroup, 'SIGKILL')
    await bezel.fact('RunReady', 4)
    expect(new Set(bezel.facts('RunExited').map(({ run }) => run))).toEqual(new Set([1, 2]))
    expect(bezel.manager.snapshot()).toMatchObject({ ready: 2, wanted: 2 })
  })

  test('a crash of one leaves the others their processes', async () => {
    const bezel = start(rubyLaunch('well.rb'), { count: 3, restart: { concurrentBoots: 3 } })
    await bezel.fact('RunReady', 3)
    const others = [2, 3].map((worker) => serving(bezel, worker).processGroup)
    for (let round = 0; round < 3; round += 1) {
      const exited = bezel.facts('RunExited').length
      signalProcess(serving(bezel, 1).processGroup, 'SIGSEGV')
      await bezel.fact('RunExited', exited + 1)
      await waitFor(() => bezel.manager.liveRuns().some(({ worker, serving }) => worker === 1 && serving !== null))
    }
    expect([2, 3].map((worker) => serving(bezel, worker).processGroup)).toEqual(others)
  })

  test('a rolling restart replaces one after the other', async () => {
    const bezel = start(rubyLaunch('well.rb'), { count: 2 })
    await bezel.fact('RunReady', 2)
    let least = 2
    const watch = setInterval(() => (least = Math.min(least, bezel.manager.snapshot().ready)), 2)
    expect(await bezel.manager.rollingRestart()).toEqual({ replaced: 2, failed: null })
    clearInterval(watch)
    expect(least).toBe(1)
    expect(bezel.facts('RunExited').map(({ why }) => why)).toEqual(['asked', 'asked'])
  })

  test('a rolling restart ends with the first successor that fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bzl-broken-'))
    const script = `[ -e ${folder}/broken ] && exit 1; exec ruby --disable-gems well.rb {socket}`
    const bezel = start({ ...rubyLaunch('well.rb'), command: ['sh', '-c', script] }, { count: 2 })
    await bezel.fact('RunReady', 2)
    writeFileSync(join(folder, 'broken'), '')
    expect(await bezel.manager.rollingRestart()).toEqual({ replaced: 0, failed: 1 })
    expect(serving(bezel, 2).run).toBe(2)
    rmSync(folder, { recursive: true })
  })

  test('after stopStarting no run starts, and stop ends what lives', async () => {
    const bezel = start(rubyLaunch('well.rb'), { count: 2 }, { heldRequests: () => Promise.resolve(true) })
    await bezel.fact('RunReady', 2)
    bezel.manager.stopStarting()
    signalProcess(serving(bezel, 1).processGroup, 'SIGKILL')
    await bezel.fact('RunExited')
    expect(await bezel.manager.stop(systemClock.nowMs() + 5_000)).toMatchObject({ processes: 0 })
    expect(bezel.facts('RunStarted')).toHaveLength(2)
  })
})

describe('a start that is stopped', () => {
  test.each([0, 1, 5, 20, 60])('after %i ms leaves nothing', async (afterMs) => {
    const bezel = start(rubyLaunch('well.rb'), { count: 2 })
    await new Promise((resolve) => {
      setTimeout(resolve, afterMs)
    })
    await bezel.manager.stop(systemClock.nowMs() + 5_000)
    expect(bezel.manager.liveRuns()).toEqual([])
    expect(bezel.facts('RunExited').length).toBeGreaterThanOrEqual(bezel.facts('RunStarted').length)
  })

  test('while its preparation never ends', async () => {
    const bezel = start(rubyLaunch('well.rb'), {}, { beforeStart: () => new Promise(() => {}) })
    await bezel.manager.stop(systemClock.nowMs() + 5_000)
    expect(bezel.facts('RunExited')).toMatchObject([{ run: 1, pid: 0 }])
  })
})

describe('a start that cannot succeed', () => {
  function codeOf(call: () => void): string {
    try {
      call()
    } catch (error) {
      if (error instanceof BezelError) return error.code
    }
    return 'none'
  }

  test('because there is no such program is refused before anything starts', () => {
    held = holdUp({ ...rubyLaunch('x'), command: ['no-such-server'] })
    expect(codeOf(() => held?.manager.start())).toBe('SERVER_NOT_FOUND')
  })

  test('because a socket path would be too long is refused before anything starts', () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'bzl-')), 'x'.repeat(90))
    held = holdUp(rubyLaunch('well.rb'), { runtimeDir: folder })
    expect(codeOf(() => held?.manager.start())).toBe('SOCKET_PATH_TOO_LONG')
    rmSync(join(folder, '..'), { recursive: true })
  })

  test('because its preparation fails is a failed start like another', async () => {
    const bezel = start(
      rubyLaunch('well.rb'),
      { restart: { failuresToGiveUp: 2 } },
      { beforeStart: () => Promise.reject(new Error('no gateway')) },
    )
    await bezel.fact('WorkersGaveUp')
    expect(bezel.manager.snapshot().workers[0]?.errorHistory.map(({ message }) => message)).toEqual(['no gateway', 'no gateway'])
  })
})

describe('cluster', () => {
  const cluster = async () => {
    const port = await freePort()
    return {
      port,
      launch: {
        ...rubyLaunch('cluster.rb'),
        command: ['ruby', '--disable-gems', join(misbehaving, 'cluster.rb'), String(port)],
        listens: { tag: 'Own' as const, address: { tag: 'Tcp' as const, host: '127.0.0.1', port } },
      },
    }
  }

  test("is one run that owns its port; the ends of the server's own workers are told", async () => {
    const { launch } = await cluster()
    const bezel = start(launch, { mode: 'cluster', count: 4, childrenEveryMs: 20 })
    const { pid } = await bezel.fact('RunReady')
    await waitFor(() => bezel.manager.snapshot().workers[0]!.children === 2)
    expect(bezel.manager.snapshot().workers).toHaveLength(1)
    const child = readDescendants(pid)[0]!
    signalProcess(child, 'SIGKILL')
    expect(await bezel.fact('ClusterWorkersEnded')).toMatchObject({ worker: 1, run: 1, pids: [child], total: 1 })
    expect(await ask(serving(bezel).address, '/')).toBe('hello')
    await bezel.manager.stop(systemClock.nowMs() + 10_000)
    expect(bezel.facts('RunExited')).toMatchObject([{ why: 'asked', exit: { code: 0 } }])
    expect(bezel.facts('ClusterWorkersEnded')).toHaveLength(1)
  })

  test('is not ready because another server answers on its port', async () => {
    const { port, launch } = await cluster()
    const other = spawn('ruby', ['--disable-gems', join(misbehaving, 'well.rb'), String(port)], { stdio: 'ignore' })
    const address = { tag: 'Tcp', host: '127.0.0.1', port } as const
    let isUp = false
    await waitFor(() => {
      void ask(address, '/').then(
        () => (isUp = true),
        () => {},
      )
      return isUp
    })
    const bezel = start(
      { ...launch, command: ['ruby', '--disable-gems', join(misbehaving, 'never-listens.rb')] },
      { mode: 'cluster', startTimeoutMs: 1_500 },
    )
    await bezel.fact('RunExited')
    expect(bezel.facts('RunReady')).toEqual([])
    other.kill('SIGKILL')
    await once(other, 'exit')
  })
})

describe('when the keeper is killed', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bzl-keeper-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test.each(['forks.rb', 'ignores-term.rb'])('%s ends with it, and what it had forked ends with the next sweep', async (program) => {
    const settings = {
      ...workersDefaults,
      count: 2,
      cwd: misbehaving,
      runtimeDir: folder,
      launch: rubyLaunch(program),
      memory: { ...workersDefaults.memory, rssEveryMs: 50 },
    }
    const script = `
      const { WorkerProcessManager } = await import(${JSON.stringify(join(import.meta.dirname, 'worker-process-manager.ts'))})
      const { noPorts } = await import(${JSON.stringify(join(import.meta.dirname, 'ports.ts'))})
      const { systemClock } = await import(${JSON.stringify(join(import.meta.dirname, '../system/clock.ts'))})
      const emit = (event) => event.tag === 'RunReady' && process.stdout.write(event.pid + '\\n')
      new WorkerProcessManager(${JSON.stringify(settings)}, { clock: systemClock, random: Math.random, emit }, noPorts).start()`
    const keeper = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    keeper.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    await waitFor(() => printed.split('\n').length === 3)
    const groups = printed.trim().split('\n').map(Number)
    // One of them can't act on anything but SIGKILL.
    signalProcess(groups[0]!, 'SIGSTOP')
    await waitFor(() => program !== 'forks.rb' || groups.every((group) => livingIn(group).length === 5))
    keeper.kill('SIGKILL')
    await once(keeper, 'exit')
    await waitFor(() => groups.every((group) => [null, 'Z'].includes(readStat(group)?.state ?? null)))
    const left = groups.flatMap(livingIn)
    expect(left).toHaveLength(program === 'forks.rb' ? 8 : 0)
    expect(new Set(sweepLeftovers(folder).map(({ pid }) => pid))).toEqual(new Set(left))
    await waitFor(() => groups.every((group) => livingIn(group).length === 0))
    expect(existsSync(join(folder, 'groups'))).toBe(false)
  })
})
