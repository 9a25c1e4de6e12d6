import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../../test/support/gateway.ts'
import { findInstalledPostgres } from '../../test/support/installed-postgres.ts'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'

let postgres: TestPostgres
let gateway: TestGateway

beforeAll(async () => {
  postgres = await startPostgres()
  gateway = await startGateway(postgres)
  await postgres.queryAsSuper(
    'CREATE TABLE numbers (n int); GRANT ALL ON numbers TO app; INSERT INTO numbers SELECT generate_series(1, 1000)',
  )
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

/** Runs a script by psql through the gateway; resolves with what it printed. */
function psql(script: string): Promise<string> {
  const where = ['-h', gateway.socketDir(), '-p', '5432', '-U', postgres.user, '-d', postgres.database, '-XAtq', '-v', 'ON_ERROR_STOP=1']
  return new Promise((resolve, reject) => {
    const child = spawn(join(findInstalledPostgres().bin, 'psql'), where)
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`psql ended with ${code}: ${err}`))))
    child.stdin.end(script)
  })
}

describe("a client's session through the gateway", () => {
  test('keeps its settings, temporary tables, prepared statements and advisory locks until it ends, and leaves none to the next', async () => {
    const first = await gateway.connect()
    await first.query("SET search_path TO pg_temp, public; SET work_mem TO '5MB'")
    await first.query('CREATE TEMP TABLE mine (n int)')
    await first.query({ name: 'q1', text: 'SELECT $1::int + 1 AS n', values: [1] })
    await first.query('SELECT pg_advisory_lock(77)')
    expect((await first.query({ name: 'q1', text: 'SELECT $1::int + 1 AS n', values: [41] })).rows).toEqual([{ n: 42 }])
    expect((await first.query('SHOW work_mem')).rows).toEqual([{ work_mem: '5MB' }])
    await first.query('INSERT INTO mine VALUES (1)')
    const [before] = (await first.query('SELECT pg_backend_pid() AS pid')).rows
    await first.end()

    const state = async () => gateway.manager.snapshot().pools[0]
    await gateway.until('the connection is pooled', async () => (await state())?.activeConnections === 0)
    const second = await gateway.connect()
    const [after] = (await second.query('SELECT pg_backend_pid() AS pid')).rows
    expect(after).toEqual(before)
    expect((await second.query('SHOW work_mem')).rows).toEqual([{ work_mem: '4MB' }])
    expect((await second.query("SELECT to_regclass('mine') AS mine")).rows).toEqual([{ mine: null }])
    expect((await second.query('SELECT count(*)::int AS n FROM pg_prepared_statements')).rows).toEqual([{ n: 0 }])
    expect((await second.query('SELECT pg_try_advisory_lock(77) AS free')).rows).toEqual([{ free: true }])
    await second.end()
  })

  test('is notified', async () => {
    const listener = await gateway.connect()
    const notified = new Promise((resolve) => listener.once('notification', resolve))
    await listener.query('LISTEN news')
    const other = await gateway.connect()
    await other.query("NOTIFY news, 'hello'")
    expect(await notified).toMatchObject({ channel: 'news', payload: 'hello' })
    await Promise.all([listener.end(), other.end()])
  })

  test('knows the process id of its own backend', async () => {
    const client = await gateway.connect()
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    expect(client).toMatchObject({ processID: rows[0]?.pid })
    await client.end()
  })

  test('shows worker and run in application_name, after its own', async () => {
    const client = await gateway.connect({ application_name: "it's rails" })
    expect((await client.query('SHOW application_name')).rows).toEqual([{ application_name: "it's rails (worker 1 run 1)" }])
    await client.end()
  })

  test('has a server that notices within 500 ms that the gateway is gone', async () => {
    const client = await gateway.connect()
    expect((await client.query('SHOW client_connection_check_interval')).rows).toEqual([{ client_connection_check_interval: '500ms' }])
    await client.end()
  })

  test('gets the settings of its start-up message, which RESET goes back to and the next client does not see', async () => {
    const client = await gateway.connect({ options: '-c statement_timeout=12345' })
    await client.query('SET statement_timeout TO 1; RESET statement_timeout')
    expect((await client.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '12345ms' }])
    await client.query('DISCARD ALL')
    expect((await client.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '12345ms' }])
    await client.end()
    const other = await gateway.connect()
    expect((await other.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '0' }])
    await other.end()
  })

  test('sees errors with all their fields, and goes on', async () => {
    const client = await gateway.connect()
    await expect(client.query('SELECT nothing FROM numbers')).rejects.toMatchObject({ code: '42703', routine: 'errorMissingColumn' })
    expect((await client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
    await client.end()
  })

  test('reads results far larger than any buffer', async () => {
    const client = await gateway.connect()
    const { rows } = await client.query("SELECT repeat('x', 100000) AS wide FROM numbers LIMIT 300")
    expect(rows).toHaveLength(300)
    expect(rows.every(({ wide }) => wide.length === 100_000)).toBe(true)
    await client.end()
  })

  test('sends a query of several megabytes', async () => {
    const client = await gateway.connect()
    const { rows } = await client.query('SELECT length($1) AS n', ['y'.repeat(5_000_000)])
    expect(rows).toEqual([{ n: 5_000_000 }])
    expect((await client.query(`SELECT length('${'z'.repeat(3_000_000)}') AS n`)).rows).toEqual([{ n: 3_000_000 }])
    await client.end()
  })

  test('uses cursors', async () => {
    const client = await gateway.connect()
    await client.query('BEGIN; DECLARE c CURSOR FOR SELECT n FROM numbers ORDER BY n')
    expect((await client.query('FETCH 2 FROM c')).rows).toEqual([{ n: 1 }, { n: 2 }])
    await client.query('COMMIT')
    await client.end()
  })

  test('copies in and out', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `${index}\t${'v'.repeat(50)}`)
    const script = [
      'CREATE TEMP TABLE t (n int, v text);',
      'COPY t FROM stdin;',
      ...rows,
      '\\.',
      'SELECT count(*), sum(length(v)) FROM t;',
      'COPY (SELECT n FROM t WHERE n < 3 ORDER BY n) TO stdout;',
    ]
    expect(await psql(`${script.join('\n')}\n`)).toBe('20000|1000000\n0\n1\n2\n')
  })
})
