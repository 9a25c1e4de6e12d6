import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type TestPostgres } from '../../../test/support/postgres.ts'
import {
  bindWithoutParameters,
  closeStatement,
  copyDone,
  execute,
  flush,
  parse,
  query,
  sync,
} from '../../formats/pgwire/client-messages.ts'
import { cString, frame } from '../../formats/pgwire/field.ts'
import { clientMessage, serverMessage } from '../../formats/pgwire/message-types.ts'
import { MessageWalker } from '../../formats/pgwire/message-walker.ts'
import { clientRules, serverRules } from '../../formats/pgwire/walk-rules.ts'
import { systemClock } from '../../system/clock.ts'
import { connectServer } from '../server-link/connect-server.ts'
import type { ServerLink } from '../server-link/server-link.ts'
import { SessionState } from './session-state.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres({ maxConnections: 20 })
  await server.queryAsSuper('CREATE ROLE other; CREATE TABLE t (n int); CREATE FUNCTION own() RETURNS int LANGUAGE sql AS $$SELECT 1$$')
})
afterAll(() => server[Symbol.asyncDispose]())

const everything = serverRules(1_000_000)
everything.kept[serverMessage.DataRow] = 1

/** A client's session on a real connection, with the state beside it. */
class Session {
  readonly link: ServerLink
  readonly state: SessionState
  /** Types and bodies of all answers. */
  answers: [number, string][] = []
  /** The server has closed the connection. */
  isOver = false
  #seen = new MessageWalker(everything)
  #wake = () => {}

  constructor(link: ServerLink) {
    this.link = link
    this.state = new SessionState(link.parameters)
    link.socket.on('data', (chunk: Buffer) => {
      this.#seen.feed(chunk)
      for (let type = this.#seen.next(); type > 0; type = this.#seen.next()) {
        const { buffer, start, end } = this.#seen
        this.answers.push([type, buffer.toString('latin1', start, end)])
        this.state.onServerMessage(type, buffer, start, end)
      }
      this.#wake()
    })
    // A reset is an end.
    link.socket.on('error', () => {})
    link.socket.on('close', () => {
      this.isOver = true
      this.#wake()
    })
    link.socket.resume()
  }

  /** Sends messages, which the state sees as a gateway would show them. */
  send(bytes: Buffer): void {
    const walker = new MessageWalker(clientRules(1_000_000))
    walker.feed(bytes)
    for (let type = walker.next(); type > 0; type = walker.next()) this.state.onClientMessage(type, walker.buffer, walker.start, walker.end)
    this.link.socket.write(bytes)
  }

  /** Waits for an answer of this type behind the first `from`. */
  until(type: number, from = 0): Promise<void> {
    return this.#wait(() => this.answers.slice(from).some(([seen]) => seen === type))
  }

  /** Everything is answered, or never will be. */
  settled(): Promise<void> {
    return this.#wait(() => this.state.outstanding === 0 || this.isOver)
  }

  async #wait(condition: () => boolean): Promise<void> {
    while (!condition()) {
      let late: NodeJS.Timeout | null = null
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        late = setTimeout(() => reject(new Error(`nothing came: ${JSON.stringify([shown(this.state), this.answers.slice(-5)])}`)), 15_000)
      })
      clearTimeout(late ?? undefined)
    }
  }

  /** What SQL tells, past the state. */
  async ask(sql: string): Promise<string[]> {
    const from = this.answers.length
    this.link.socket.write(query(sql))
    await this.until(serverMessage.ReadyForQuery, from)
    return this.answers
      .slice(from)
      .filter(([type]) => type === serverMessage.DataRow)
      .map(([, body]) => body)
  }
}

async function open(): Promise<Session> {
  const target = {
    host: server.socketDir,
    port: server.port,
    user: 'postgres',
    password: server.password,
    database: server.database,
    sslmode: 'disable',
  } as const
  const link = await connectServer(target, { application_name: 'a client' }, { connectTimeoutMs: 20_000, clock: systemClock })
  if (link.tag !== 'Connected') throw new Error(JSON.stringify(link))
  return new Session(link)
}

const visible =
  "SELECT name, setting FROM pg_settings WHERE name NOT LIKE 'transaction_%' ORDER BY name;" +
  "SELECT session_user, current_user, current_setting('role'), coalesce(current_setting('app.tenant', true), ''), coalesce(current_setting('app.note', true), '');" +
  'SELECT name, CASE WHEN NOT from_sql THEN statement END, parameter_types, from_sql FROM pg_prepared_statements ORDER BY name'

/** What a fresh connection shows after the replay; null when the server refused it. */
async function replayed(state: SessionState): Promise<string[] | null> {
  const fresh = await open()
  try {
    const messages = state.replay()
    fresh.link.socket.write(messages)
    if (messages.length > 0) await fresh.until(serverMessage.ReadyForQuery)
    if (fresh.answers.some(([type]) => type === serverMessage.ErrorResponse)) return null
    return await fresh.ask(visible)
  } finally {
    fresh.link.socket.destroy()
  }
}

const shown = ({ carry, why, movable, outstanding, outcomeUnknown }: SessionState) => ({ carry, why, movable, outstanding, outcomeUnknown })

const inOneGo = (sql: string) => Buffer.concat([parse('', sql), bindWithoutParameters(''), execute])
const trackable = [
  "SET work_mem = '8MB'", "set session Work_Mem to '9MB'", "SET TimeZone = 'Europe/Rome'", "SET TIME ZONE 'Asia/Tokyo'", 'SET TIME ZONE LOCAL',
  'SET search_path TO "$user", pg_catalog', "SET SCHEMA 'pg_catalog'", 'SET DateStyle = SQL, DMY', "SET intervalstyle = iso_8601", "SET LOCAL work_mem = '3MB'",
  "SET app.tenant = 'a;''b'", 'SET "app"."note" = $$it\'s$$', "SELECT set_config('app.tenant', 'x', false)", "SELECT pg_catalog.set_config('app.note', 'y', true), 1",
  "SELECT set_config('work_mem', '7MB', false) AS done", 'RESET work_mem', 'SET work_mem TO DEFAULT', 'RESET app.tenant', 'RESET ALL', 'RESET TIME ZONE',
  'SET ROLE other', 'SET ROLE NONE', 'RESET ROLE', 'SET SESSION AUTHORIZATION other', 'SET SESSION AUTHORIZATION DEFAULT', 'RESET SESSION AUTHORIZATION',
  'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', 'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'RESET default_transaction_read_only', 'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE, ISOLATION LEVEL SERIALIZABLE',
  'SET default_transaction_isolation = \'repeatable read\'', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'SET standard_conforming_strings = off', 'SET standard_conforming_strings = on',
  "SET application_name = 'it''s me'", 'SET statement_timeout = 60000', 'SET nonsense = 1', "SET work_mem = 'nonsense'", "SET NAMES 'LATIN1'", 'SET client_encoding = UTF8',
  'PREPARE p AS SELECT $1::int + 1', 'PREPARE q (text) AS SELECT upper($1)', 'DEALLOCATE p', 'DEALLOCATE PREPARE "q"', 'DEALLOCATE ALL', 'EXECUTE p(1)', 'DISCARD ALL', 'DISCARD PLANS',
] // prettier-ignore
const control = ['BEGIN', 'START TRANSACTION', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'COMMIT AND CHAIN', 'ROLLBACK AND CHAIN', 'SAVEPOINT a', 'SAVEPOINT b', 'ROLLBACK TO a', 'ROLLBACK TO SAVEPOINT b', 'RELEASE a', 'RELEASE SAVEPOINT b', 'SELECT 1/0', 'SELECT 1', '', 'syntax error'] // prettier-ignore
const statement = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...trackable) }, { weight: 2, arbitrary: fc.constantFrom(...control) })

const statementName = fc.constantFrom('', 'p', 'r', 'a1')
const runAgain = (name: string) => Buffer.concat([bindWithoutParameters(name), execute])
const round = (...messages: readonly Buffer[]) => Buffer.concat([...messages, sync])
const preparable = fc.oneof(
  fc.constantFrom('SELECT $1::int', "SET work_mem = '5MB'", 'SELECT 1/0', 'nonsense', 'SELECT $1::text || $2', 'COMMIT'),
  statement,
)
const message = fc.oneof(
  fc.tuple(statementName, preparable).map(([name, sql]) => parse(name, sql)),
  statementName.map(runAgain),
  statementName.map(closeStatement),
  statement.map(inOneGo),
)

const step = fc.oneof(
  { weight: 4, arbitrary: statement.map(query) },
  { weight: 2, arbitrary: fc.array(statement, { minLength: 2, maxLength: 5 }).map((list) => query(list.join('; '))) },
  { weight: 2, arbitrary: fc.array(statement, { minLength: 1, maxLength: 4 }).map((list) => round(...list.map(inOneGo))) },
  { weight: 4, arbitrary: message.map((one) => round(one)) },
  { weight: 2, arbitrary: fc.array(message, { minLength: 2, maxLength: 5 }).map((list) => round(...list)) },
)

/** Counterexamples that were found, steps and whether they are pipelined. */
const found: [Buffer[], boolean][] = [
  // The second Parse of a name fails while the first stands.
  [[round(parse('r', "SET work_mem = '5MB'")), round(parse('r', 'SELECT $1::int')), round(runAgain('r'))], true],
  // The error makes the server skip the Close: the unnamed statement stands.
  ...[false, true].map((pipelined): [Buffer[], boolean] => [
    [round(inOneGo("SET work_mem = '8MB'"), parse('a1', 'nonsense'), closeStatement('')), round(runAgain(''))],
    pipelined,
  ]),
  // PostgreSQL itself ends the session: XX000, "BeginTransactionBlock: unexpected state END".
  [[round(parse('p', 'COMMIT')), query('EXECUTE p(1); BEGIN')], false],
  // So it resets the connection where it has not read all that was sent.
  [[round(parse('p', 'COMMIT')), query('EXECUTE p(1); BEGIN'), query(`SELECT 1${' '.repeat(200_000)}`)], true],
]

describe('a session that is moved', () => {
  test('has the same settings, roles and prepared statements on the new connection', async () => {
    let moved = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14, size: 'max' }), fc.boolean(), async (steps, pipelined) => {
        const session = await open()
        try {
          for (const bytes of steps) {
            session.send(bytes)
            if (!pipelined) await session.settled()
          }
          await session.settled()
          if (session.isOver) return
          const { movable, inTransaction, outcomeUnknown } = session.state
          const open_ = session.answers.at(-1)?.[1] ?? 'I'
          expect(inTransaction).toBe(open_ !== 'I')
          expect(outcomeUnknown).toBe(false)
          if (!movable) return
          const there = await replayed(session.state)
          expect(there).toEqual(await session.ask(visible))
          moved += 1
        } finally {
          session.link.socket.destroy()
        }
      }),
      { numRuns: 150, examples: found },
    )
    expect(moved).toBeGreaterThan(30)
  }, 120_000)

  test('is told what differs from what it was told before', async () => {
    const session = await open()
    session.send(query("SET TimeZone = 'Europe/Rome'"))
    await session.settled()
    expect(session.state.parameters.get('TimeZone')).toBe('Europe/Rome')
    const same = new Map(session.state.parameters)
    expect(session.state.moved(same).length).toBe(0)
    expect(session.state.moved(new Map(same).set('server_version', '19.1')).toString('latin1')).toBe('S\0\0\0\x18server_version\x0019.1\0')
    session.link.socket.destroy()
  })

  test('gets a reported setting back that a function has changed', async () => {
    const session = await open()
    session.send(query("SELECT set_config('TimeZone', 'Asia/' || 'Tokyo', false)"))
    await session.settled()
    session.send(query('DISCARD PLANS'))
    await session.settled()
    expect(session.state.carry).toBe('untracked')
    expect(session.state.replay().toString()).toContain("set_config('TimeZone', 'Asia/Tokyo', false)")
    session.link.socket.destroy()
  })

  test('still has its unnamed statement', async () => {
    const session = await open()
    session.send(Buffer.concat([parse('', 'SELECT 41 + 1'), sync]))
    await session.settled()
    const fresh = await open()
    fresh.link.socket.write(Buffer.concat([session.state.replay(), bindWithoutParameters(''), execute, sync]))
    await fresh.until(serverMessage.DataRow)
    expect(fresh.answers.find(([type]) => type === serverMessage.DataRow)?.[1]).toContain('42')
    for (const { link } of [session, fresh]) link.socket.destroy()
  })
})

describe('a session that can not be moved', () => {
  test.each([
    ['LISTEN news', 'LISTEN', 'UNLISTEN *'],
    ['CREATE TEMP TABLE x (n int)', 'temporary table', 'DISCARD TEMP'],
    ['SELECT 1 AS n INTO TEMPORARY y', 'temporary table', 'DISCARD ALL'],
    ['CREATE TABLE pg_temp.z (n int)', 'temporary table', 'DISCARD TEMP'],
    ['SET search_path = pg_temp, public', 'pg_temp in search_path', 'DISCARD ALL'],
    ['SELECT pg_advisory_lock(7)', 'session advisory lock', 'SELECT pg_advisory_unlock_all()'],
    ['SELECT pg_try_advisory_lock(7), 1', 'session advisory lock', 'DISCARD ALL'],
    ['DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT 1', 'cursor WITH HOLD', 'CLOSE ALL'],
    ['DO $$BEGIN END$$', 'DO', 'DISCARD ALL'],
    ["LOAD 'plpgsql'", 'LOAD', 'DISCARD ALL'],
    ['SELECT own()', 'function own', 'DISCARD ALL'],
    ['SELECT * FROM public."own" ()', 'function own', 'DISCARD ALL'],
    ['PREPARE s AS SELECT own()', 'function own', 'DISCARD ALL'],
    ['SET SEED = 0.5', 'SET SEED', 'DISCARD ALL'],
    ['SELECT setseed(0.5)', 'function setseed', 'DISCARD ALL'],
  ])('after %s says why (%s), and can be after %s', async (sql, why, undo) => {
    const session = await open()
    session.send(query(sql))
    await session.settled()
    expect(session.answers.filter(([type]) => type === serverMessage.ErrorResponse)).toEqual([])
    expect(shown(session.state)).toMatchObject({ carry: 'untracked', why, movable: false })
    session.send(Buffer.concat([query('BEGIN'), query(undo), query('ROLLBACK')]))
    await session.settled()
    expect(session.state.carry).toBe('untracked')
    session.send(query(undo))
    await session.settled()
    expect(shown(session.state)).toMatchObject({ carry: 'clean', why: null, movable: true })
    session.link.socket.destroy()
  })

  test('is one whose statement was sent behind the DISCARD ALL that it outlives', async () => {
    const session = await open()
    session.send(Buffer.concat([query('LISTEN a'), query('DISCARD ALL'), query('LISTEN b')]))
    await session.settled()
    expect(session.state.why).toBe('LISTEN')
    session.link.socket.destroy()
  })
})

describe('answers', () => {
  const copyData = frame(clientMessage.CopyData, Buffer.from('1\n'))

  test('are counted rightly around COPY, however early its Sync and its data come', async () => {
    const extended = Buffer.concat([parse('', 'COPY t FROM STDIN'), bindWithoutParameters(''), execute])
    const exchanges = [
      Buffer.concat([query('COPY t FROM STDIN'), copyData, copyDone, query('SELECT 1')]),
      Buffer.concat([query('COPY t FROM STDIN; SELECT 2'), copyData, copyDone]),
      Buffer.concat([extended, sync, copyData, copyDone, sync, query('SELECT 1')]),
      Buffer.concat([extended, copyData, copyDone, sync]),
      Buffer.concat([extended, sync, copyData, frame(clientMessage.CopyFail, cString('no')), sync, query('SELECT 1')]),
      Buffer.concat([extended, frame(clientMessage.CopyData, Buffer.from('nonsense\n')), copyDone, sync, query('SELECT 1')]),
      Buffer.concat([query('COPY t FROM STDIN'), frame(clientMessage.CopyData, Buffer.from('nonsense\n')), copyDone, query('SELECT 1')]),
      query('COPY t TO STDOUT'),
    ]
    for (const late of [false, true])
      for (const bytes of exchanges) {
        const session = await open()
        if (late && bytes.includes('FROM STDIN') && bytes.includes(copyData)) {
          session.send(bytes.subarray(0, bytes.indexOf(copyData)))
          await session.until(serverMessage.CopyInResponse)
          session.send(bytes.subarray(bytes.indexOf(copyData)))
        } else session.send(bytes)
        await session.settled()
        expect(shown(session.state)).toMatchObject({ outstanding: 0, movable: true })
        session.link.socket.destroy()
      }
  })

  test('of a thousand pipelined rounds find their questions, errors included', async () => {
    const session = await open()
    const rounds = Array.from({ length: 1_000 }, (_, at) =>
      Buffer.concat([inOneGo(at % 7 === 0 ? 'SELECT 1/0' : `SET app.tenant = '${at}'`), inOneGo('SELECT 1'), sync]),
    )
    session.send(Buffer.concat(rounds))
    expect(session.state.outstanding).toBe(1_000)
    await session.settled()
    expect(session.state.replay().toString()).toContain("SET app.tenant = '999'")
    session.link.socket.destroy()
  })

  test('that are missing leave the outcome unknown for COMMIT and for writes outside a transaction, and for nothing else', async () => {
    const unknown = ['COMMIT', 'INSERT INTO t VALUES (1)', 'BEGIN; INSERT INTO t VALUES (1); COMMIT', 'WITH x AS (DELETE FROM t) SELECT 1', 'WITH x AS (SELECT 1) UPDATE t SET n = 1', 'SELECT own()', 'SELECT 1 AS n INTO u', "SELECT setval('s', 1)", 'CREATE TABLE v ()'] // prettier-ignore
    const known = ['SELECT 1', 'SELECT n FROM t FOR UPDATE', 'BEGIN; INSERT INTO t VALUES (1)', 'BEGIN', 'ROLLBACK', "SET work_mem = '4MB'", 'SHOW ALL', 'VALUES (lower($1))', 'SELECT count(*) FROM t WHERE n IN (1, 2)', ''] // prettier-ignore
    for (const sql of [...unknown, ...known])
      for (const bytes of [query(sql), ...(sql.includes(';') ? [] : [inOneGo(sql)])]) {
        const state = new SessionState(new Map())
        const walker = new MessageWalker(clientRules(1_000_000))
        walker.feed(bytes)
        for (let type = walker.next(); type > 0; type = walker.next()) state.onClientMessage(type, walker.buffer, walker.start, walker.end)
        expect(state.outcomeUnknown, sql).toBe(unknown.includes(sql))
      }
    const session = await open()
    session.send(query('BEGIN'))
    await session.settled()
    session.send(query('INSERT INTO t VALUES (1)'))
    expect(session.state.outcomeUnknown).toBe(false)
    session.send(query('COMMIT'))
    expect(session.state.outcomeUnknown).toBe(true)
    await session.settled()
    expect(session.state.outcomeUnknown).toBe(false)
    session.send(Buffer.concat([inOneGo('INSERT INTO t VALUES (1)'), flush]))
    expect(shown(session.state)).toMatchObject({ outcomeUnknown: true, outstanding: 0, movable: false })
    session.link.socket.destroy()
  })
})
