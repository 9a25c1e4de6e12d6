import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { startPostgres } from './postgres.ts'

test('a test gets a real PostgreSQL that keeps its port and its rows over a restart, and leaves nothing behind', async () => {
  const server = await startPostgres()
  const { port, pid, socketDir } = server
  await server.queryAsSuper('CREATE TABLE kept AS SELECT 7 AS n')
  await server.restart()
  expect(server.port).toBe(port)
  expect(server.pid).not.toBe(pid)
  expect(await server.queryAsSuper('SELECT n FROM kept')).toEqual([{ n: 7 }])
  const client = new Client({ host: '127.0.0.1', port, user: server.user, password: server.password, database: server.database })
  await client.connect()
  expect((await client.query('SELECT current_user AS who')).rows).toEqual([{ who: 'app' }])
  await client.end()
  const last = server.pid!
  await server[Symbol.asyncDispose]()
  await expect(access(socketDir)).rejects.toThrow('ENOENT')
  expect(() => process.kill(last, 0)).toThrow('ESRCH')
})

test('a test process that is killed leaves no server behind, and the next one removes its folder', async () => {
  const script = `const { startPostgres } = await import('${import.meta.resolve('./postgres.ts')}')
    const { pid, socketDir } = await startPostgres()
    console.log(JSON.stringify([pid, socketDir]))
    setInterval(() => {}, 1_000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const [pid, folder] = JSON.parse(line.toString()) as [number, string]
  child.kill('SIGKILL')
  await once(child, 'exit')
  const deadlineMs = performance.now() + 20_000
  while (isThere(pid) && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isThere(pid)).toBe(false)
  await using _next = await startPostgres()
  await expect(access(folder)).rejects.toThrow('ENOENT')
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
