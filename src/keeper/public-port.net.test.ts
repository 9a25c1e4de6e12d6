import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { bindPublicPort, toUrl } from './public-port.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

async function listen(): Promise<number> {
  const server = net.createServer()
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('binds a free port and tells its address', async () => {
  const { handle, url } = await bindPublicPort('127.0.0.1', 0)
  open.push(handle)
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

test.each([
  [{ tag: 'Tcp', host: '0.0.0.0', port: 3000 }, 'http://localhost:3000'],
  [{ tag: 'Tcp', host: '::', port: 3000 }, 'http://localhost:3000'],
  [{ tag: 'Tcp', host: '::1', port: 3000 }, 'http://[::1]:3000'],
  [{ tag: 'Unix', path: '/run/app.sock' }, 'unix:/run/app.sock'],
] as const)('shows %j as what can be asked: %s', (address, url) => {
  expect(toUrl(address)).toBe(url)
})

test('names the holder of a taken port', async () => {
  const port = await listen()
  await expect(bindPublicPort('127.0.0.1', port)).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining(`process ${process.pid} (`),
    remedy: [`ps -fp ${process.pid}`, `bezel run --port ${port + 1}`],
  })
})

test('says that the holder is a bezel, and of which app, and asks to kill nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bz-port-'))
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, app: '/srv/my shop' }))
  const fd = openSync(join(folder, 'lock'), 'r')
  open.push({ close: () => closeSync(fd) }, { close: () => rmSync(folder, { recursive: true }) })
  const port = await listen()
  await expect(bindPublicPort('127.0.0.1', port)).rejects.toMatchObject({
    message: `port ${port} on 127.0.0.1 is taken by the bezel of /srv/my shop (pid ${process.pid})`,
    remedy: ["bezel status --app '/srv/my shop'", `bezel run --port ${port + 1}`],
  })
})

test('refuses an address that is not of this machine', async () => {
  await expect(bindPublicPort('192.0.2.1', 8080)).rejects.toMatchObject({ code: 'SYSTEM_REFUSED' })
})
