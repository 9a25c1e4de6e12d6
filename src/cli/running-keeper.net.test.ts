import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toJson } from '../snake-case.ts'

const bezel = resolve(import.meta.dirname, '../../bin/bezel')
// Short: a socket lies in it.
const root = realpathSync(mkdtempSync('/tmp/bz-st-'))
const app = join(root, 'app')
const runtime = join(root, 'bezel/0123456789')

const answer = {
  status: {
    error_rate_acceptable: true,
    diagnostic_messages: [{ about: 'database', message: 'primary is away', remedy: ['systemctl start postgresql'] }],
  },
  degradation: { level: 'database-degraded', why: 'x', way_back: 'y' },
  workers: [
    { worker_id: 1, process_id: 42, memory_usage_mb: 99.6, crash_count: 3, health_status: 'healthy' },
    { worker_id: 2, process_id: null, memory_usage_mb: null, crash_count: 0, health_status: 'starting' },
  ],
  pools: [
    {
      database: 'primary',
      server: 'h:5432',
      pool_size: null,
      active_connections: 2,
      idle_connections: 1,
      waiting_clients: 5,
      circuit_breaker_state: 'open',
    },
  ],
  error_rate: 0.0123,
  answers: { answered: 81, failed: 1 },
}
let body: string
let keeper: Server

beforeAll(async () => {
  mkdirSync(app)
  mkdirSync(runtime, { recursive: true })
  mkdirSync(join(root, 'bezel/other'))
  writeFileSync(join(root, 'bezel/other/lock'), 'no JSON')
  writeFileSync(join(runtime, 'lock'), JSON.stringify({ pid: process.pid, app }))
  body = JSON.stringify(answer)
  keeper = createServer((request, response) => {
    response.statusCode = request.url === '/status' ? 200 : 404
    response.end(body)
  })
  await new Promise<void>((done) => keeper.listen(join(runtime, 'admin.sock'), done))
})

afterAll(async () => {
  keeper.closeAllConnections()
  await new Promise((done) => keeper.close(done))
  rmSync(root, { recursive: true })
})

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const env = { ...process.env, XDG_RUNTIME_DIR: root, NO_COLOR: '1' }
    execFile(bezel, args, { cwd: app, env, timeout: 60_000 }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    )
  })
}

describe('bezel status', () => {
  test('finds the bezel whose lock names the app, and says how it is and what to do', async () => {
    expect(await run('status')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'database-degraded, 1 of 81 answers failed (1.2 %) in the last minute',
        'worker 1  healthy, pid 42, 100 MB, 3 crashes',
        'worker 2  starting, 0 crashes',
        'database primary  h:5432: breaker open, 2 active and 1 idle of ?, 5 wait',
        'database: primary is away',
        '  try: systemctl start postgresql',
        '',
      ].join('\n'),
    })
  })

  test('prints the whole answer as JSON', async () => {
    expect(JSON.parse((await run('status', '--json')).stdout)).toEqual(answer)
  })

  test('does not call normal what fails most of its answers', async () => {
    const right = body
    const failing = { ...answer, status: { ...answer.status, error_rate_acceptable: false }, answers: { answered: 7, failed: 6 } }
    body = JSON.stringify({ ...failing, degradation: { level: 'normal' } })
    expect((await run('status')).stdout).toMatch(/^failing, 6 of 7 answers failed \(85\.7 %\) in the last minute\n/)
    body = right
  })

  test('says so when the answer is not understood', async () => {
    const right = body
    body = '{"status":"ok"}'
    expect(await run('status')).toMatchObject({ code: 65, stderr: expect.stringContaining('of another version') })
    body = 'nonsense'
    expect(await run('status')).toMatchObject({ code: 65, stderr: expect.stringContaining('not JSON') })
    body = right
  })

  test('ends with 69 for an app that no bezel holds up', async () => {
    mkdirSync(join(root, 'idle'))
    expect(await run('status', '--app', join(root, 'idle'))).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('no bezel holds up'),
    })
  })
})

describe('bezel incidents', () => {
  const id = '20261125-101530-7-k3x'
  const incident = {
    id,
    at: '2026-11-25T10:15:30.000Z',
    worker: 2,
    run: 7,
    pid: 4711,
    exit: { code: null, signal: 'SIGSEGV' },
    why: 'crashed',
    ready: true,
    uptimeMs: 61_000,
    lastRssMb: 200,
    explanation: {
      kind: 'segfault',
      summary: 'Segmentation fault in pg 1.5.4',
      culprit: { gem: 'pg', version: '1.5.4', library: 'pg_ext.so', file: '/gems/pg_ext.so', function: 'f', rubyLine: null },
      confidence: 'certain',
      evidence: ['frame 7 lies in pg_ext.so'],
      alternatives: [],
      causeId: null,
      remedy: ['bundle pristine pg'],
      link: null,
      fingerprint: '0123456789abcdef',
      ruby: '3.1.2',
      platform: null,
    },
    requests: [{ id: 'r1', method: 'GET', path: '/segv', ageMs: 12, settlement: 'failed' }],
    cause: 'r1',
    state: null,
    report: '',
    reportDroppedBytes: 0,
  }

  test('lists what was recorded, shows one, and prints both as JSON', async () => {
    expect(await run('incidents')).toMatchObject({ code: 0, stdout: 'no incidents\n' })
    mkdirSync(join(app, '.bezel/incidents'), { recursive: true })
    writeFileSync(join(app, `.bezel/incidents/${id}.json`), JSON.stringify(incident))
    writeFileSync(join(app, '.bezel/incidents/20261125-101531-8-abc.json'), '{')
    expect(await run('incidents')).toMatchObject({
      code: 0,
      stdout: `${id}  worker 2  GET /segv  Segmentation fault in pg 1.5.4  request r1\n`,
      stderr: expect.stringContaining('20261125-101531-8-abc'),
    })
    const { stdout } = await run('incidents', id)
    for (const words of [
      'Segmentation fault in pg 1.5.4',
      'pg 1.5.4',
      'certain',
      'frame 7',
      'bundle pristine pg',
      'GET /segv',
      'alone: the cause',
    ])
      expect(stdout).toContain(words)
    const json = JSON.parse(JSON.stringify(toJson(incident)))
    expect(json).toMatchObject({ uptime_ms: 61_000, explanation: { culprit: { ruby_line: null } }, requests: [{ age_ms: 12 }] })
    expect(JSON.parse((await run('incidents', '--json')).stdout)).toEqual([json])
    expect(JSON.parse((await run('incidents', id, '--json')).stdout)).toEqual(json)
  })

  test('are found in the folder that bezel run was told', async () => {
    const folder = join(root, 'elsewhere')
    mkdirSync(folder)
    writeFileSync(join(folder, `${id}.json`), JSON.stringify({ ...incident, worker: 9 }))
    expect((await run('incidents', '--incidents-folder', folder)).stdout).toMatch(new RegExp(`^${id} {2}worker 9 `))
  })

  test('are found beside the sockets, where they are kept while their folder is refused', async () => {
    const spared = '20261125-101532-9-xyz'
    mkdirSync(join(runtime, 'incidents'))
    writeFileSync(join(runtime, 'incidents', `${spared}.json`), JSON.stringify({ ...incident, id: spared }))
    expect((await run('incidents')).stdout).toContain(spared)
    expect(await run('incidents', spared)).toMatchObject({ code: 0 })
  })

  test('that is not there is said with 65', async () => {
    expect(await run('incidents', '20261125-101530-9-zzz')).toMatchObject({
      code: 65,
      stderr: expect.stringMatching(
        /^bezel: there is no incident 20261125-101530-9-zzz in .*\.bezel\/incidents or .*\n {2}try: bezel incidents$/m,
      ),
    })
  })
})
