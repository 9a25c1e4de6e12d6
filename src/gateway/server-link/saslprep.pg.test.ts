import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startPostgres } from '../../../test/support/postgres.ts'
import { systemClock } from '../../system/clock.ts'
import { connectServer } from './connect-server.ts'
import { sendCancel } from './send-cancel.ts'
import { query } from '../../formats/pgwire/client-messages.ts'

/** Characters of Unicode 3.2 that RFC 4013 treats apart, and some that it doesn't. */
const letters = ['a', ' ', 'é', 'e\u0301', '\u00a0', '\u00ad', '\u200b', '\u3000', '\ufb01', '\uff21', 'ª', '①', 'ß', 'א', 'ب', 'م', '１', '\u0007', '\u0080', '\u200e', '\ue000', '漢', '한', '𝐀', '\u{e0041}', '\u2028', '\ufeff', 'Ⅷ'] // prettier-ignore

test('a password is hashed as PostgreSQL has hashed it, whatever letters it has', async () => {
  await using server = await startPostgres()
  const password = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(fc.array(password, { minLength: 8, maxLength: 8 }), async (passwords) => {
      await server.queryAsSuper(
        passwords.map((word, at) => `DROP ROLE IF EXISTS r${at}; CREATE ROLE r${at} LOGIN PASSWORD '${word}'`).join(';'),
      )
      for (const [at, word] of passwords.entries()) {
        const target = {
          host: server.socketDir,
          port: server.port,
          user: `r${at}`,
          password: word,
          database: 'app',
          sslmode: 'disable',
        } as const
        const link = await connectServer(target, {}, { connectTimeoutMs: 20_000, clock: systemClock })
        expect([link.tag, Buffer.from(word).toString('hex')]).toEqual(['Connected', expect.anything()])
        if (link.tag === 'Connected') link.socket.destroy()
      }
    }),
    { numRuns: 20 },
  )
})

test('a statement ends when its backend is told to cancel it, by TLS too', async () => {
  await using server = await startPostgres({ tls: 'offered' })
  const options = { connectTimeoutMs: 20_000, clock: systemClock }
  for (const sslmode of ['disable', 'require'] as const) {
    const { port, user, password, database } = server
    const target = { host: '127.0.0.1', port, user, password, database, sslmode } as const
    const link = await connectServer(target, {}, options)
    if (link.tag !== 'Connected') throw new Error(link.tag)
    const answered = new Promise<string>((resolve) => link.socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1'))))
    link.socket.resume()
    link.socket.write(query('SELECT pg_sleep(600)'))
    const sleeping = `SELECT 1 FROM pg_stat_activity WHERE pid = ${link.pid} AND wait_event = 'PgSleep'`
    while ((await server.queryAsSuper(sleeping)).length === 0);
    expect(await sendCancel(target, link.pid, link.secret, options)).toEqual({ tag: 'Sent' })
    expect(await answered).toContain('57014')
    link.socket.destroy()
  }
})
