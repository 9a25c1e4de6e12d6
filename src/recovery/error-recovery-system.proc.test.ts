import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import type { BezelEvent } from '../events.ts'
import type { RunDeath } from '../events/workers.ts'
import { readStat } from '../system/proc-fs.ts'
import { ErrorRecoverySystem } from './error-recovery-system.ts'
import { recoveryDefaults } from './options.ts'

const header =
  'app.rb:1: [BUG] Segmentation fault at 0x0000000000000010\nruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]\n\n'
const section =
  '-- Control frame information -----------------------------------------------\nc:0001 p:0000 s:0003 E:0000c0 (none) [FINISH]\n'

let folder = ''
let clock: ManualClock
let facts: BezelEvent[]
let answers: boolean
let children: ChildProcess[]
let oomKills: number | null
beforeEach(() => {
  folder = mkdtempSync('/tmp/bz-recovery-')
  clock = new ManualClock()
  facts = []
  answers = true
  children = []
  oomKills = null
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function create(incidentsDir = folder): ErrorRecoverySystem {
  const outside = { clock, random: () => 0.5, emit: (event: BezelEvent) => void facts.push(event) }
  return new ErrorRecoverySystem({ ...recoveryDefaults, incidentsDir }, outside, {
    wallTimeMs: () => Date.UTC(2026, 10, 25, 3),
    signal: (pid, signal) => process.kill(pid, signal),
    oomKills: () => oomKills,
    app: () => null,
    answers: () => Promise.resolve(answers),
  })
}

function start(): { worker: number; run: number; pid: number } {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  children.push(child)
  return { worker: 1, run: 7, pid: child.pid ?? 0 }
}

function death(pid: number, change: Partial<RunDeath> = {}): RunDeath {
  return {
    worker: 1,
    run: 7,
    pid,
    exit: { code: null, signal: 'SIGABRT' },
    why: 'crashed',
    ready: true,
    uptimeMs: 5_000,
    lastRssMb: 40,
    ...change,
  }
}

const condition = { workersWanted: 2, workersReady: 1, everReady: true, gaveUp: false, databases: [] }
const tags = () => facts.map(({ tag }) => tag)

describe('recovery', () => {
  test('reads /proc of a run whose report goes on, and lets it go on', async () => {
    const recovery = create()
    const run = start()
    await waitFor(() => /libc[.-]/.test(readFileSync(`/proc/${run.pid}/maps`, 'latin1')))
    recovery.watchRun(run)
    recovery.readStderr(7, Buffer.from(header))
    recovery.readStderr(7, Buffer.from(section))
    expect(tags()).toEqual(['CrashSuspected', 'CrashConfirmed'])
    await waitFor(() => readStat(run.pid)?.state === 'S')

    const id = recovery.handleSegmentationFault(death(run.pid))
    recovery.settleRequests(7, [{ id: 'r-1', method: 'GET', path: '/segv', ageMs: 12, settlement: 'failed' }], 'r-1')
    const incident = recovery.store.read(id)
    expect(incident).toMatchObject({
      cause: 'r-1',
      exit: { signal: 'SIGABRT' },
      explanation: { kind: 'segfault' },
      state: { pid: run.pid },
    })
    expect(incident.state?.status['Name']).toBe('sleep')
    expect(incident.state?.libraries.some((path) => path.includes('libc'))).toBe(true)
    expect(incident.report).toContain('[BUG] Segmentation fault')
    expect(facts.at(-1)).toMatchObject({ tag: 'IncidentRecorded', incident: id, run: 7, request: 'GET /segv' })
  })

  test('tells of a run that is gone at once how it was when it was last looked at, and how long ago', async () => {
    const recovery = create()
    const run = start()
    await waitFor(() => /libc[.-]/.test(readFileSync(`/proc/${run.pid}/maps`, 'latin1')))
    recovery.watchRun(run)
    clock.turn(recoveryDefaults.lookEveryMs)
    recovery.observe(condition)
    process.kill(run.pid, 'SIGKILL')
    await waitFor(() => (readStat(run.pid)?.state ?? 'Z') === 'Z')
    clock.turn(recoveryDefaults.lookEveryMs + 400)
    recovery.observe(condition)
    const id = recovery.handleSegmentationFault(death(run.pid, { exit: { code: null, signal: 'SIGKILL' } }))
    recovery.settleRequests(7, [], null)
    expect(recovery.store.read(id)).toMatchObject({
      state: { pid: run.pid, status: { Name: 'sleep' } },
      stateAgeMs: recoveryDefaults.lookEveryMs + 400,
    })
  })

  test('dismisses a suspicion when the run goes on answering, and does not while it is silent', async () => {
    const recovery = create()
    recovery.watchRun(start())
    answers = false
    recovery.readStderr(7, Buffer.from(header.split('\n')[0] + '\n'))
    clock.turn(recoveryDefaults.suspicionMs)
    await Promise.resolve()
    answers = true
    await waitFor(() => {
      clock.turn(recoveryDefaults.suspicionMs)
      return facts.length > 1
    })
    expect(tags()).toEqual(['CrashSuspected', 'CrashDismissed'])
  })

  test('takes a section behind an answer for a crash after all, but not the line that any program may print', async () => {
    const recovery = create()
    recovery.watchRun(start())
    const [bugLine, description] = header.split('\n')
    recovery.readStderr(7, Buffer.from(`${bugLine}\n`))
    clock.turn(recoveryDefaults.suspicionMs)
    await waitFor(() => facts.length > 1)
    recovery.readStderr(7, Buffer.from(`${description}\n`))
    expect(tags()).toEqual(['CrashSuspected', 'CrashDismissed'])
    recovery.readStderr(7, Buffer.from(section))
    expect(tags()).toEqual(['CrashSuspected', 'CrashDismissed', 'CrashSuspected', 'CrashConfirmed'])
  })

  test('records an incident without the requests when the front door never says which', () => {
    const recovery = create()
    const run = start()
    recovery.watchRun(run)
    const id = recovery.handleSegmentationFault(death(run.pid, { exit: { code: null, signal: 'SIGKILL' } }))
    expect(tags()).toEqual([])
    clock.turn(recoveryDefaults.settleWithinMs)
    expect(tags()).toEqual(['IncidentRecorded'])
    expect(recovery.store.read(id)).toMatchObject({ requests: null, lastRssMb: 40 })
    recovery.settleRequests(7, [], null)
    expect(tags()).toEqual(['IncidentRecorded'])
  })

  test.each([
    [0, 'KILLED-OUTSIDE', 'other'],
    [1, 'OOM-KILL', 'oom'],
  ] as const)('tells who sent SIGKILL by what the kernel counted: %i', (kills, causeId, kind) => {
    oomKills = 4
    const recovery = create()
    oomKills += kills
    const id = recovery.handleSegmentationFault(death(1, { exit: { code: null, signal: 'SIGKILL' } }))
    recovery.settleRequests(7, [], null)
    expect(recovery.store.read(id).explanation).toMatchObject({ kind, causeId, confidence: 'likely' })
  })

  test('blames no memory killer that struck long ago', () => {
    oomKills = 4
    const recovery = create()
    oomKills = 5
    for (let beat = 0; beat < 2; beat += 1) recovery.observe(condition)
    const id = recovery.handleSegmentationFault(death(1, { exit: { code: null, signal: 'SIGKILL' } }))
    recovery.settleRequests(7, [], null)
    expect(recovery.store.read(id).explanation.causeId).toBe('KILLED-OUTSIDE')
  })

  test.each([
    ['memory', 'oom', 'BEZEL-MEMORY'],
    ['hang', 'other', 'BEZEL-HANG'],
    ['start-timeout', 'other', 'BEZEL-START'],
    ['drain-timeout', 'other', 'BEZEL-DRAIN'],
  ] as const)('says so where bezel itself ended the run: %s', (why, kind, causeId) => {
    oomKills = 0
    const recovery = create()
    const id = recovery.handleSegmentationFault(death(1, { why, exit: { code: null, signal: 'SIGKILL' } }))
    recovery.settleRequests(7, [], null)
    const { explanation } = recovery.store.read(id)
    expect(explanation).toMatchObject({ kind, causeId, confidence: 'certain' })
    expect(explanation.summary).toMatch(/^bezel ended the process: /)
  })

  describe('of a trouble that a run survives', () => {
    const trouble = "log writing failed. can't be called from trap context\n"

    test('records one incident, and its later death apart', () => {
      const recovery = create()
      const run = start()
      recovery.watchRun(run)
      for (let again = 0; again < 3; again += 1) recovery.readStderr(7, Buffer.from(trouble))
      expect(tags()).toEqual([])
      clock.turn(recoveryDefaults.settleWithinMs)
      recovery.readStderr(7, Buffer.from(trouble))
      clock.turn(recoveryDefaults.settleWithinMs)
      expect(tags()).toEqual(['IncidentRecorded'])
      const [incident] = recovery.store.list(1).incidents
      expect(incident).toMatchObject({
        run: 7,
        pid: run.pid,
        exit: null,
        why: null,
        explanation: { kind: 'trap-context', causeId: 'TRAP' },
      })

      const id = recovery.handleSegmentationFault(death(run.pid, { exit: { code: 1, signal: null } }))
      recovery.settleRequests(7, [], null)
      expect(recovery.store.read(id).explanation.kind).not.toBe('trap-context')
    })

    test('records another trouble of the same kind apart, and lets the next one be a cause of death', () => {
      const recovery = create()
      const run = start()
      recovery.watchRun(run)
      const raised = "app.rb:7:in `synchronize': can't be called from trap context (ThreadError)\n\tfrom app.rb:7:in `block'\n"
      for (const text of [trouble, raised, trouble, raised]) {
        recovery.readStderr(7, Buffer.from(text))
        clock.turn(recoveryDefaults.settleWithinMs)
      }
      expect(tags()).toEqual(['IncidentRecorded', 'IncidentRecorded'])
      recovery.readStderr(7, Buffer.from(raised))
      const id = recovery.handleSegmentationFault(death(run.pid, { exit: { code: 1, signal: null } }))
      recovery.settleRequests(7, [], null)
      expect(recovery.store.read(id).explanation).toMatchObject({ kind: 'trap-context', culprit: { rubyLine: 'app.rb:7' } })
    })

    test('leaves it to the death where the run dies of it', () => {
      const recovery = create()
      const run = start()
      recovery.watchRun(run)
      recovery.readStderr(7, Buffer.from("a.rb:1:in `lock': can't be called from trap context (ThreadError)\n\tfrom a.rb:1:in `block'\n"))
      const id = recovery.handleSegmentationFault(death(run.pid, { exit: { code: 1, signal: null } }))
      clock.turn(recoveryDefaults.settleWithinMs)
      expect(tags()).toEqual(['IncidentRecorded'])
      expect(recovery.store.read(id).explanation).toMatchObject({ kind: 'trap-context', culprit: { rubyLine: 'a.rb:1' } })
    })

    test('tells it at once where the run ends as asked', () => {
      const recovery = create()
      recovery.watchRun(start())
      recovery.readStderr(7, Buffer.from(trouble))
      recovery.forgetRun(7)
      clock.turn(recoveryDefaults.settleWithinMs)
      expect(tags()).toEqual(['IncidentRecorded'])
    })

    test('names the memory limit that it ran under', async () => {
      const recovery = create()
      const child = spawn('prlimit', ['--as=2147483648', 'sleep', '60'], { stdio: 'ignore' })
      children.push(child)
      recovery.watchRun({ worker: 1, run: 7, pid: child.pid ?? 0 })
      await waitFor(() => readFileSync(`/proc/${child.pid}/comm`, 'latin1') === 'sleep\n')
      recovery.runReady(7)
      recovery.readStderr(7, Buffer.from('app.rb:3: failed to allocate memory (NoMemoryError)\n'))
      clock.turn(recoveryDefaults.settleWithinMs)
      const [incident] = recovery.store.list(1).incidents
      expect(incident?.explanation).toMatchObject({ kind: 'oom', causeId: 'OUT-OF-MEMORY' })
      expect(incident?.explanation.evidence.join('\n')).toContain('RLIMIT_AS of 2048 MB')
    })
  })

  test('tells the exception that ended a run', () => {
    const recovery = create()
    const run = start()
    recovery.watchRun(run)
    recovery.readStderr(7, Buffer.from("boot.rb:3:in `<main>': no such table: users (App::NotMigrated)\n"))
    const id = recovery.handleSegmentationFault(death(run.pid, { exit: { code: 1, signal: null }, why: 'start-failed', ready: false }))
    recovery.settleRequests(7, [], null)
    expect(recovery.store.read(id).explanation.summary).toBe(
      'the process ended with status 1, of an exception (App::NotMigrated: no such table: users)',
    )
  })

  test.each([
    ['bundler: command not found: iodine\n', 'GET / 200\n', 'with status 127; its last line: bundler: command not found: iodine'],
    ['', 'hi\n', 'with status 127; its last line: hi'],
    ['', '', 'with status 127, without a word'],
  ])('quotes the last line of an end that nothing else explains: %j on stderr, %j on stdout', (stderr, stdout, said) => {
    const recovery = create()
    recovery.watchRun({ worker: 1, run: 7, pid: 1 })
    recovery.readStderr(7, Buffer.from(stderr))
    for (const piece of ['x'.repeat(5_000), '\n', stdout]) if (stdout !== '') recovery.readStdout(7, Buffer.from(piece))
    const id = recovery.handleSegmentationFault(death(1, { exit: { code: 127, signal: null }, why: 'start-failed', ready: false }))
    recovery.settleRequests(7, [], null)
    expect(recovery.store.read(id).explanation.summary).toBe(`the process ended ${said}`)
  })

  test('calls no process silent that printed, when a signal ended it', () => {
    const recovery = create()
    recovery.watchRun({ worker: 1, run: 7, pid: 1 })
    recovery.readStdout(7, Buffer.from('GET / 200\n'))
    const id = recovery.handleSegmentationFault(death(1, { exit: { code: null, signal: 'SIGUSR2' } }))
    recovery.settleRequests(7, [], null)
    expect(recovery.store.read(id).explanation.summary).toBe('the process ended by SIGUSR2, and nothing that it printed tells why')
  })

  test('goes on without a folder to write to, and says that it could not', () => {
    const recovery = create('/proc/no/such/folder')
    recovery.handleSegmentationFault(death(1))
    recovery.settleRequests(7, [], null)
    expect(recovery.snapshot()).toMatchObject({ incidents: 1, unwritten: 1 })
    expect(facts).toMatchObject([{ tag: 'IncidentRecorded', path: null, refusal: expect.stringContaining('/proc/no') }])
    expect(recovery.lastIncidentOf(1)).toBeNull()
    expect(recovery.canSave()).toBe(false)
  })

  test('tells at the start of a folder that cannot be written, and of nothing else', () => {
    create().checkIncidentsFolder()
    expect(facts).toEqual([])
    create('/proc/no/such/folder').checkIncidentsFolder()
    expect(facts).toMatchObject([{ tag: 'IncidentsFolderRefused', folder: '/proc/no/such/folder', spare: null }])
  })

  test('leaves no credential in an incident', () => {
    const recovery = create()
    const run = start()
    recovery.watchRun(run)
    recovery.readStderr(7, Buffer.from('connecting to postgres://ruby:s3cret@db/app\nAPI_TOKEN=abcdef123456\n'))
    const id = recovery.handleSegmentationFault(death(run.pid))
    recovery.settleRequests(7, [], null)
    expect(JSON.stringify(recovery.store.read(id))).not.toMatch(/s3cret|abcdef123456/)
  })

  test('tells each change of the degradation ladder once', () => {
    const recovery = create()
    recovery.observe(condition)
    recovery.observe(condition)
    recovery.observe({ ...condition, workersReady: 2 })
    expect(facts.map((fact) => (fact.tag === 'DegradationChanged' ? fact.to : fact.tag))).toEqual(['reduced-capacity', 'normal'])
  })

  test('groups repeats in its report', () => {
    const recovery = create()
    for (const run of [7, 8]) {
      recovery.handleSegmentationFault(death(1, { run, exit: { code: null, signal: 'SIGKILL' } }))
      recovery.settleRequests(run, [], null)
    }
    expect(recovery.generateDiagnosticReport().groups).toMatchObject([{ count: 2 }])
  })

  test('opens a breaker for an operation that keeps failing, and closes it when the operation works again', async () => {
    const recovery = create()
    let works = false
    const policy = { failuresToOpen: 2, probeTimeoutMs: 100, backoff: { baseMs: 100, capMs: 100 } }
    const guarded = recovery.implementCircuitBreaker(() => (works ? Promise.resolve('done') : Promise.reject(new Error('broken'))), policy)
    for (let tries = 0; tries < 2; tries += 1) await expect(guarded()).rejects.toThrow('broken')
    await expect(guarded()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' })
    clock.turn(100)
    works = true
    expect(await guarded()).toBe('done')
    expect(await guarded()).toBe('done')
  })
})
