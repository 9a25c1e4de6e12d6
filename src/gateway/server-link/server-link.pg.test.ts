import { afterAll, describe, expect, test } from 'vitest'
import { findInstalledPostgres } from '../../../test/support/installed-postgres.ts'
import { startPostgres, type PostgresOptions, type TestPostgres } from '../../../test/support/postgres.ts'
import { query } from '../../formats/pgwire/client-messages.ts'
import { systemClock } from '../../system/clock.ts'
import type { ConnectFailure } from './connect-failure.ts'
import { connectServer } from './connect-server.ts'
import type { ServerLink } from './server-link.ts'
import type { ServerTarget } from './target.ts'

const options = { connectTimeoutMs: 20_000, clock: systemClock }
const running: TestPostgres[] = []
afterAll(async () => {
  for (const server of running) await server[Symbol.asyncDispose]()
})

async function serverWith(settings: PostgresOptions): Promise<TestPostgres> {
  const server = await startPostgres(settings)
  running.push(server)
  return server
}

function targetOf(server: TestPostgres, changes: Partial<ServerTarget> = {}): ServerTarget {
  const { port, user, password, database } = server
  return { host: '127.0.0.1', port, user, password, database, sslmode: 'disable', ...changes }
}

async function connect(target: ServerTarget): Promise<ServerLink> {
  const result = await connectServer(target, { application_name: 'a test' }, options)
  if (result.tag !== 'Connected') throw new Error(JSON.stringify(result))
  return result
}

/** Asks `sql` over a link and gives everything that came back up to ReadyForQuery. */
async function ask({ socket }: ServerLink, sql: string): Promise<string> {
  socket.write(query(sql))
  let bytes = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    if (bytes.at(-6) === 0x5a) break
  }
  return bytes.toString('latin1')
}

async function refuse(target: ServerTarget): Promise<ConnectFailure> {
  const result = await connectServer(target, {}, options)
  if (result.tag !== 'Connected') return result
  result.socket.destroy()
  throw new Error('it connected')
}

const installed = findInstalledPostgres().version

describe.each([
  { version: undefined, name: '18' },
  { version: installed, name: String(installed) },
])('a link to PostgreSQL $name', ({ version }) => {
  const chosen = version === undefined ? {} : { version }

  test.each(['scram-sha-256', 'md5', 'password', 'trust'] as const)('authenticates by %s over TCP and over a Unix socket', async (auth) => {
    const server = await serverWith({ ...chosen, auth })
    for (const host of ['127.0.0.1', server.socketDir]) {
      const link = await connect(targetOf(server, { host }))
      expect(link.parameters.get('application_name')).toBe('a test')
      expect(link.parameters.get('server_version')).toMatch(version === undefined ? /^18/ : new RegExp(`^${version}`))
      expect(link).toMatchObject({ status: 0x49, encrypted: false })
      expect(link.secret.length).toBe(4)
      expect(await ask(link, 'SELECT pg_backend_pid()')).toContain(String(link.pid))
      expect(link.socket.listenerCount('data') + link.socket.listenerCount('error')).toBe(0)
      link.socket.destroy()
    }
    if (auth === 'trust') return
    const refused = await refuse(targetOf(server, { password: 'wrong' }))
    expect(refused).toMatchObject({ tag: 'Refused', sqlstate: '28P01', text: 'password authentication failed for user "app"' })
    expect(await refuse(targetOf(server, { password: null }))).toMatchObject({ tag: 'Refused', sqlstate: '28P01' })
    expect(await refuse(targetOf(server, { database: 'nowhere' }))).toMatchObject({ tag: 'Refused', sqlstate: '3D000' })
  })

  test('binds SCRAM to the TLS channel, and verifies as sslmode says', async () => {
    const server = await serverWith({ ...chosen, tls: 'demand' })
    const { authority, stranger } = server.certificates!
    const accepted: Partial<ServerTarget>[] = [
      { sslmode: 'allow' },
      { sslmode: 'prefer' },
      { sslmode: 'require' },
      { sslmode: 'require', channelBinding: 'disable' },
      { sslmode: 'require', channelBinding: 'require' },
      { sslmode: 'require', sslrootcert: '/no/such/file' },
      { sslmode: 'verify-ca', sslrootcert: authority },
      { sslmode: 'verify-full', sslrootcert: authority, host: 'localhost' },
    ]
    for (const changes of accepted) {
      const link = await connect(targetOf(server, changes))
      expect(link.encrypted).toBe(true)
      expect(await ask(link, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toContain('t')
      link.socket.destroy()
    }
    expect(await refuse(targetOf(server, { sslmode: 'disable' }))).toMatchObject({ tag: 'Refused', sqlstate: '28000' })
    const unverified: Partial<ServerTarget>[] = [
      { sslmode: 'verify-ca', sslrootcert: stranger },
      { sslmode: 'require', sslrootcert: stranger },
      { sslmode: 'verify-ca' },
      { sslmode: 'verify-ca', sslrootcert: '/no/such/file' },
      { sslmode: 'verify-full', sslrootcert: authority, host: '127.0.0.1' },
      { sslmode: 'verify-full', sslrootcert: 'system', host: 'localhost' },
      { sslmode: 'require', sslrootcert: 'system' },
    ]
    for (const changes of unverified) expect(await refuse(targetOf(server, changes)), JSON.stringify(changes)).toMatchObject({ tag: 'Tls' })
    expect(await refuse(targetOf(server, { sslmode: 'require', password: 'wrong' }))).toMatchObject({ tag: 'Refused', sqlstate: '28P01' })
  })

  test('shows a client certificate where one is demanded', async () => {
    const server = await serverWith({ ...chosen, tls: 'certificate' })
    const { client, clientKey } = server.certificates!
    const link = await connect(targetOf(server, { sslmode: 'require', sslcert: client, sslkey: clientKey }))
    link.socket.destroy()
    expect(await refuse(targetOf(server, { sslmode: 'require' }))).toMatchObject({ tag: 'Refused', sqlstate: '28000' })
    expect(await refuse(targetOf(server, { sslmode: 'require', sslcert: client, sslkey: '/no/such/file' }))).toMatchObject({ tag: 'Tls' })
  })
})

test('does without TLS where the server has none, unless it is wanted', async () => {
  const server = await serverWith({})
  for (const sslmode of ['allow', 'prefer'] as const) {
    const link = await connect(targetOf(server, { sslmode }))
    expect(link.encrypted).toBe(false)
    link.socket.destroy()
  }
  expect(await refuse(targetOf(server, { sslmode: 'require' }))).toMatchObject({ tag: 'Tls', text: /does not support TLS/ })
  expect(await refuse(targetOf(server, { channelBinding: 'require' }))).toMatchObject({ tag: 'Protocol', text: /channel_binding=require/ })
})

test('speaks TLS from the first byte to PostgreSQL 17 and later', async () => {
  const server = await serverWith({ tls: 'demand' })
  const link = await connect(targetOf(server, { sslmode: 'require', sslnegotiation: 'direct' }))
  expect(await ask(link, 'SELECT 1')).toContain('SELECT 1')
  link.socket.destroy()
  expect(await refuse(targetOf(server, { sslmode: 'prefer', sslnegotiation: 'direct' }))).toMatchObject({ tag: 'Tls' })
})
