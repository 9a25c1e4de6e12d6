import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StabilityReport } from '../health/health-monitoring-engine.ts'
import type { AdminSources } from './admin-app.ts'
import { startAdminServer } from './admin-server.ts'
import { freePort } from '../system/free-port.ts'

const report: StabilityReport = {
  status: {
    rubyVersionConsistent: true,
    nativeExtensionsHealthy: true,
    databaseConnectionsStable: true,
    workerProcessesHealthy: false,
    errorRateAcceptable: true,
    lastStabilityCheck: '2026-11-25T03:00:00.000Z',
    diagnosticMessages: [{ about: 'worker', message: 'worker 1 waits', remedy: ['bezel incidents'] }],
  },
  degradation: { level: 'normal', why: '', wayBack: '' },
  workers: [],
  pools: [],
  gems: [],
  errorRate: 0,
  answers: { answered: 0, failed: 0 },
}

let folder = ''
let ready = true
const open: { close(): unknown }[] = []
const sources: AdminSources = { report: () => report, isReady: () => ready, details: () => ({ processes: { keeper: 1, dataPlane: 2 } }) }
beforeEach(() => {
  folder = mkdtempSync('/tmp/bz-admin-')
  ready = true
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
  rmSync(folder, { recursive: true, force: true })
})

const socketPath = () => join(folder, 'admin.sock')

async function start(more: { listen?: { host: string; port: number }; token?: string } = {}) {
  open.push(await startAdminServer({ socketPath: socketPath(), listen: more.listen ?? null, token: more.token ?? null }, sources))
}

function ask(
  where: { socketPath: string } | { host: string; port: number },
  path: string,
  headers = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...where, path, headers, agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    asked.on('error', reject).end()
  })
}

describe('the admin API', () => {
  test('is alive whatever else is the matter, and ready only when requests are taken', async () => {
    await start()
    ready = false
    expect(await ask({ socketPath: socketPath() }, '/healthz')).toEqual({ status: 200, body: 'ok\n' })
    expect(await ask({ socketPath: socketPath() }, '/readyz')).toEqual({ status: 503, body: 'not ready\n' })
    ready = true
    expect((await ask({ socketPath: socketPath() }, '/readyz')).status).toBe(200)
  })

  test("shows the specification's data models in its own spelling", async () => {
    await start()
    const { status, body } = await ask({ socketPath: socketPath() }, '/status')
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({
      status: { ruby_version_consistent: true, worker_processes_healthy: false, diagnostic_messages: [{ remedy: ['bezel incidents'] }] },
      processes: { keeper: 1, data_plane: 2 },
    })
  })

  test('lets only its owner in through the socket', async () => {
    await start()
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600)
  })

  test('says what there is where nothing is', async () => {
    await start()
    expect(await ask({ socketPath: socketPath() }, '/metrics')).toMatchObject({ status: 404, body: expect.stringContaining('/status') })
  })

  test('asks for the token at its address, and never for the probes', async () => {
    const where = { host: '127.0.0.1', port: await freePort() }
    await start({ listen: where, token: 'a-token-of-sixteen' })
    expect((await ask(where, '/status')).status).toBe(401)
    expect((await ask(where, '/status', { authorization: 'Bearer wrong-token-indeed' })).status).toBe(401)
    expect((await ask(where, '/status', { authorization: 'Bearer a-token-of-sixteen' })).status).toBe(200)
    expect((await ask(where, '/readyz')).status).toBe(200)
    expect((await ask({ socketPath: socketPath() }, '/status')).status).toBe(200)
  })

  test('does not listen for the world without a token', async () => {
    await expect(start({ listen: { host: '0.0.0.0', port: 0 } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('says that its port is taken', async () => {
    const where = { host: '127.0.0.1', port: await freePort() }
    const holder = createServer()
    open.push(holder)
    await new Promise<void>((resolve) => holder.listen(where.port, where.host, resolve))
    await expect(start({ listen: where })).rejects.toMatchObject({ code: 'PORT_TAKEN' })
  })
})
