import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BezelError } from '../../errors.ts'
import { readDatabaseUrl } from './database-url.ts'
import type { LibpqSurroundings } from './libpq-surroundings.ts'
import { parseDatabaseUrl } from './server-target.ts'
import { workerDatabaseUrl } from './worker-database-url.ts'

const bare: LibpqSurroundings = { env: {}, osUser: 'me', home: '/home/me', folder: '/app', exists: () => false, readPrivate: () => null }

function targetOf(url: string, surroundings: Partial<LibpqSurroundings> = {}) {
  const { targeting } = parseDatabaseUrl(url, 'DATABASE_URL', { ...bare, ...surroundings })
  return targeting.tag === 'Target' ? targeting.target : targeting.why
}

function refusal(url: string): string {
  try {
    targetOf(url)
  } catch (error) {
    if (error instanceof BezelError && error.code === 'CONFIG_INVALID') return error.message
    throw error
  }
  throw new Error(`${url} was taken`)
}

describe('a database URL', () => {
  test.each([
    ['postgres://u:p@h:5433/d', { host: 'h', port: 5433, user: 'u', password: 'p', database: 'd', sslmode: 'prefer' }],
    ['postgresql://u@h/d?sslmode=require', { host: 'h', port: 5432, user: 'u', password: null, database: 'd', sslmode: 'require' }],
    [
      'postgresql://u:a%40b%2Fc%3A@%2Fvar%2Frun%2Fpg:5433/d',
      { host: '/var/run/pg', port: 5433, user: 'u', password: 'a@b/c:', database: 'd', sslmode: 'prefer' },
    ],
    [
      'postgresql:///d?host=/sock&user=u&port=6000',
      { host: '/sock', port: 6000, user: 'u', password: null, database: 'd', sslmode: 'prefer' },
    ],
    ['postgresql://[::1]:5433/d', { host: '::1', port: 5433, user: 'me', password: null, database: 'd', sslmode: 'prefer' }],
    ['postgres://', { host: 'localhost', port: 5432, user: 'me', password: null, database: 'me', sslmode: 'prefer' }],
    ['postgres://u@h', { host: 'h', port: 5432, user: 'u', password: null, database: 'u', sslmode: 'prefer' }],
    ['postgres://h/d?ssl=true', { host: 'h', port: 5432, user: 'me', password: null, database: 'd', sslmode: 'require' }],
  ])('%s', (url, target) => {
    expect(targetOf(url)).toEqual(target)
  })

  test('certificates and options are carried, relative paths from the app', () => {
    expect(
      targetOf(
        'postgres://u@h/d?sslmode=verify-full&sslrootcert=config/ca.pem&sslcert=/c.pem&sslkey=/k.pem&options=-c%20search_path%3Da&channel_binding=require',
      ),
    ).toEqual({
      host: 'h',
      port: 5432,
      user: 'u',
      password: null,
      database: 'd',
      sslmode: 'verify-full',
      sslrootcert: '/app/config/ca.pem',
      sslcert: '/c.pem',
      sslkey: '/k.pem',
      channelBinding: 'require',
      options: '-c search_path=a',
    })
  })

  test('what it leaves open is looked up where libpq looks', () => {
    const env = { PGHOST: 'pg', PGPORT: '6000', PGUSER: 'eve', PGPASSWORD: 'x', PGDATABASE: 'db', PGSSLMODE: 'verify-ca' }
    expect(targetOf('postgres://', { env })).toEqual({
      host: 'pg',
      port: 6000,
      user: 'eve',
      password: 'x',
      database: 'db',
      sslmode: 'verify-ca',
    })
    expect(targetOf('postgres:///d', { exists: (path) => path === '/tmp/.s.PGSQL.5432' })).toMatchObject({ host: '/tmp' })
    expect(targetOf('postgres:///d', { exists: (path) => path === '/var/run/postgresql' })).toMatchObject({ host: '/var/run/postgresql' })
    expect(targetOf('postgres://h/d', { exists: (path) => path === '/home/me/.postgresql/root.crt' })).toMatchObject({
      sslrootcert: '/home/me/.postgresql/root.crt',
    })
  })

  test('a password file is asked line by line', () => {
    const text = '# mine\nother:*:*:*:no\nh:5433:*:u:no\nh:*:d:u:a\\:b\\\\c\n*:*:*:*:last\n'
    const readPrivate = (path: string) => (path === '/home/me/.pgpass' ? text : null)
    expect(targetOf('postgres://u@h/d', { readPrivate })).toMatchObject({ password: 'a:b\\c' })
    expect(targetOf('postgres://u@x/d', { readPrivate })).toMatchObject({ password: 'last' })
    expect(targetOf('postgres://u:own@h/d', { readPrivate })).toMatchObject({ password: 'own' })
  })

  test('what the gateway cannot promise is left to go direct', () => {
    expect(targetOf('postgres://u@a,b/d')).toBe('it names several hosts')
    expect(targetOf('postgres://u@a:1,b:2/d')).toBe('it names several hosts')
    expect(targetOf('postgres://u@a/d?sslcrl=x')).toBe('it asks for sslcrl')
    expect(targetOf('postgres://u@a/d?gssencmode=require')).toBe('it asks for GSS encryption')
  })

  test.each([
    'postgres://u:s3cret@h:port/d',
    'postgres://u:s3cret@h:70000/d',
    'postgres://u:s3cr/et@h/d',
    'postgres://u:s3cret%@h/d',
    'postgres://u:s3cret%00@h/d',
    'postgres://u:s3cret@@h/d',
    'postgres://u:s3cret@h/d?sslmode=s3cret',
    'postgres://u:s3c?ret@h/d',
    'postgres://u:s3cret#@h/d',
    'postgres://u:12/s3cret@h/d',
    'postgres:u:s3cret',
    'u:s3cret@h',
  ])('%s is refused, and no piece of it is printed', (url) => {
    const message = refusal(url)
    expect(message).toContain('DATABASE_URL')
    expect(message).not.toMatch(/s3c|ret@/)
  })

  test('whatever the parts hold, they come back', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !text.includes('\0') && text.isWellFormed())
    fc.assert(
      fc.property(part, part, part, part, (user, password, database, host) => {
        fc.pre(!host.includes(','))
        const encode = encodeURIComponent
        expect(targetOf(`postgres://${encode(user)}:${encode(password)}@${encode(host)}/${encode(database)}`)).toMatchObject({
          user,
          password,
          host,
          database,
        })
      }),
    )
  })

  test('no text makes a message that repeats it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, maxLength: 40 }), (text) => {
        try {
          targetOf(`postgres://u:${text}@h:1/d`)
        } catch (error) {
          expect(error).toBeInstanceOf(BezelError)
          expect(String(error)).not.toContain(text)
        }
      }),
    )
  })
})

describe("the worker's URL", () => {
  const workerUrl = (url: string, socketDir = '/run/bezel/ab/run-3') => {
    const parsed = parseDatabaseUrl(url, 'DATABASE_URL', bare)
    if (parsed.targeting.tag !== 'Target') throw new Error(parsed.targeting.why)
    return workerDatabaseUrl(parsed.url, parsed.targeting.target, socketDir, 5432)
  }

  test("leads to the socket, without password and TLS, and keeps what is the client library's business", () => {
    expect(
      workerUrl(
        'postgis://app:s3cret@db.example:6000/shop?sslmode=verify-full&sslrootcert=/ca.pem&pool=5&prepared_statements=false&connect_timeout=3',
      ),
    ).toBe(
      'postgis://app@%2Frun%2Fbezel%2Fab%2Frun-3:5432/shop?pool=5&prepared_statements=false&connect_timeout=3&sslmode=disable&gssencmode=disable',
    )
  })

  test('names user and database even where the URL left them to be guessed', () => {
    expect(workerUrl('postgresql:///')).toBe('postgresql://me@%2Frun%2Fbezel%2Fab%2Frun-3:5432/me?sslmode=disable&gssencmode=disable')
  })

  test('reads back as the same user, database and folder', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !text.includes('\0') && text.isWellFormed())
    fc.assert(
      fc.property(part, part, (user, database) => {
        const back = readDatabaseUrl(workerDatabaseUrl({ scheme: 'postgres', parameters: new Map() }, { user, database }, '/s', 5433), 'it')
        expect(Object.fromEntries(back.parameters)).toEqual({
          user,
          dbname: database,
          host: '/s',
          port: '5433',
          sslmode: 'disable',
          gssencmode: 'disable',
        })
      }),
    )
  })
})
