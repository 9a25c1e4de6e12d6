import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { ask, misbehaving, rubyLaunch, serving, startsOneATest } from '../../test/support/workers.ts'
import { BezelError } from '../errors.ts'
import { systemClock } from '../system/clock.ts'
import { signalProcess } from '../system/process-group.ts'

watchLeaks()
const start = startsOneATest()

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

  test('a run that may not be replaced goes on, and the rolling restart ends with it', async () => {
    let asked = 0
    const mayReplace = () => Promise.resolve((asked += 1) === 1)
    const bezel = start(rubyLaunch('well.rb'), { count: 2 }, { mayReplace })
    await bezel.fact('RunReady', 2)
    expect(await bezel.manager.rollingRestart()).toEqual({ replaced: 1, failed: 2 })
    expect(asked).toBe(2)
    expect(serving(bezel, 2).run).toBe(2)
    expect(await bezel.manager.drainAndReplace(2, 'memory')).toBe('refused')
  })

  test('a run that dies while it is asked whether it may be replaced is gone, and comes back unasked', async () => {
    let answer = (_may: boolean) => {}
    const mayReplace = () => new Promise<boolean>((resolve) => (answer = resolve))
    const bezel = start(rubyLaunch('well.rb'), {}, { mayReplace, heldRequests: () => Promise.resolve(true) })
    await bezel.fact('RunReady')
    const outcome = bezel.manager.drainAndReplace(1, 'asked')
    signalProcess(serving(bezel, 1).processGroup, 'SIGKILL')
    await bezel.fact('RunReady', 2)
    answer(true)
    expect(await outcome).toBe('gone')
    expect(serving(bezel, 1).run).toBe(2)
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
  function codeOf(call: () => unknown): string {
    try {
      call()
    } catch (error) {
      if (error instanceof BezelError) return error.code
    }
    return 'none'
  }

  test('because there is no such program is refused before anything starts', () => {
    expect(codeOf(() => start({ ...rubyLaunch('x'), command: ['no-such-server'] }))).toBe('SERVER_NOT_FOUND')
  })

  test('because a socket path would be too long is refused before anything starts', () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'bzl-')), 'x'.repeat(90))
    expect(codeOf(() => start(rubyLaunch('well.rb'), { runtimeDir: folder }))).toBe('SOCKET_PATH_TOO_LONG')
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
