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
