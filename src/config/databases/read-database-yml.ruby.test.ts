import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readDatabaseYml } from './read-database-yml.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'bezel-dbyml-')))
afterAll(() => rmSync(root, { recursive: true }))

let apps = 0
function makeApp(yml: string | null): string {
  const folder = join(root, `app${++apps}`)
  mkdirSync(join(folder, 'config'), { recursive: true })
  if (yml !== null) writeFileSync(join(folder, 'config/database.yml'), yml)
  return folder
}

const surroundings = { PATH: process.env['PATH'], HOME: root, RAILS_ENV: 'production' }

async function read(yml: string | null, env: Record<string, string> = {}, timeoutMs = 60_000) {
  return readDatabaseYml({ ruby: 'ruby', appDir: makeApp(yml), env: { ...surroundings, ...env }, timeoutMs })
}

async function settings(yml: string | null, env: Record<string, string> = {}) {
  const answer = await read(yml, env)
  if (answer.tag === 'Failed') throw new Error(answer.why)
  return Object.fromEntries(answer.databases.map(({ name, settings }) => [name, settings]))
}

const single = 'production:\n  adapter: postgresql\n  database: a\n  pool: 5\n'
const several = `
default: &default
  adapter: postgresql
  pool: <%= ENV.fetch("RAILS_MAX_THREADS") { 5 } %>
production:
  primary: &primary
    <<: *default
    database: app
    sslmode: verify-full
  cache:
    <<: *primary
    database: cache
  queue:
    adapter: sqlite3
    database: storage/queue.sqlite3
`

/** What ActiveRecord 7.1.6's `DatabaseConfigurations` answered for the same input, on Ruby 3.1. */
describe('ActiveRecord sees the same', () => {
  test.each([
    ['one database', single, {}, { primary: { adapter: 'postgresql', database: 'a', pool: 5 } }],
    [
      'a DATABASE_URL over one database, whose other keys stay',
      single,
      { DATABASE_URL: 'postgres://u:p%40x@h:5433/d?sslmode=require' },
      {
        primary: {
          adapter: 'postgresql',
          database: 'd',
          pool: 5,
          username: 'u',
          password: 'p@x',
          host: 'h',
          port: 5433,
          sslmode: 'require',
        },
      },
    ],
    [
      'a socket folder as the host',
      single,
      { DATABASE_URL: 'postgres://u@%2Fsock:5432/d' },
      { primary: { adapter: 'postgresql', database: 'd', pool: 5, username: 'u', host: '/sock', port: 5432 } },
    ],
    [
      'several databases, with anchors, merges and ERB',
      several,
      { RAILS_MAX_THREADS: '7' },
      {
        primary: { adapter: 'postgresql', pool: 7, database: 'app', sslmode: 'verify-full' },
        cache: { adapter: 'postgresql', pool: 7, database: 'cache', sslmode: 'verify-full' },
        queue: { adapter: 'sqlite3', database: 'storage/queue.sqlite3' },
      },
    ],
    [
      'a variable for each database; DATABASE_URL is the primary one only, and gives way to PRIMARY_DATABASE_URL',
      several,
      { DATABASE_URL: 'postgres://no@no/no', PRIMARY_DATABASE_URL: 'postgis://u@h/p', CACHE_DATABASE_URL: 'postgres://c@[::1]:99/c' },
      {
        primary: { adapter: 'postgis', pool: 5, database: 'p', sslmode: 'verify-full', username: 'u', host: 'h' },
        cache: { adapter: 'postgresql', pool: 5, database: 'c', sslmode: 'verify-full', username: 'c', host: '::1', port: 99 },
        queue: { adapter: 'sqlite3', database: 'storage/queue.sqlite3' },
      },
    ],
    [
      'a url: key, which no variable overrides',
      'production:\n  url: <%= ENV["FOO_URL"] %>\n  pool: 3\n',
      { FOO_URL: 'postgres://foo@bar/baz?pool=4', DATABASE_URL: 'postgres://no@no/no' },
      { primary: { adapter: 'postgresql', pool: '4', username: 'foo', host: 'bar', database: 'baz' } },
    ],
    [
      'a URL in the place of a map',
      'production: postgres://u@h/d\n',
      {},
      { primary: { adapter: 'postgresql', username: 'u', host: 'h', database: 'd' } },
    ],
    [
      'what all environments share',
      'shared:\n  adapter: postgresql\n  host: s\nproduction:\n  host: own\n',
      {},
      { primary: { adapter: 'postgresql', host: 'own' } },
    ],
    [
      'what all databases share',
      'shared:\n  adapter: postgresql\nproduction:\n  primary: { database: x }\n  cache: { database: y }\n',
      {},
      { primary: { adapter: 'postgresql', database: 'x' }, cache: { adapter: 'postgresql', database: 'y' } },
    ],
    [
      'no file, one variable',
      null,
      { DATABASE_URL: 'postgres://u@h/d' },
      { primary: { adapter: 'postgresql', username: 'u', host: 'h', database: 'd' } },
    ],
    ['nothing for this environment', 'test:\n  adapter: postgresql\n', {}, {}],
    [
      'a file name as an opaque URL',
      single,
      { DATABASE_URL: 'sqlite3:db/x.sqlite3' },
      { primary: { adapter: 'sqlite3', database: 'db/x.sqlite3', pool: 5 } },
    ],
  ])('%s', async (_title, yml, env, expected) => {
    expect(await settings(yml, env)).toEqual(expected)
  })
})

describe('a template', () => {
  test('may ask for Rails.env, Rails.root and presence, and may print', async () => {
    const yml =
      'production:\n  adapter: <%= Rails.env.production? ? "postgresql" : "no" %>\n  database: <% puts "noise" %><%= Rails.root.join("x") %>\n  host: <%= ENV["NONE"].presence || "h" %>\n'
    const { primary } = await settings(yml)
    expect(primary).toMatchObject({ adapter: 'postgresql', database: expect.stringMatching(/\/app\d+\/x$/), host: 'h' })
  })

  test.each([
    ['asks for the booted app', 'production:\n  password: <%= Rails.application.credentials.db %>\n', /Rails\.application/],
    ['misses a variable', 'production:\n  password: <%= ENV.fetch("NONE") %>\n', /KeyError.*NONE/],
    ['is no YAML', 'production: [\n', /Psych::SyntaxError/],
    ['ends the process', 'production: <% exit! 3 %>\n', /Ruby said nothing/],
    ['raises a secret', 'production: <% raise "postgres://u:s3cret@h/d" %>\n', /u:\*\*\*@h/],
  ])('that %s is a reason, not a crash', async (_title, yml, why) => {
    expect(await read(yml)).toEqual({ tag: 'Failed', why: expect.stringMatching(why) })
  })

  test('that hangs is killed at the deadline, with what it started', async () => {
    const yml = 'production: <% File.write(ENV["PIDS"], [$$, spawn("sleep 300")].join(" ")); sleep %>\n'
    const pids = join(root, 'pids')
    const answer = await read(yml, { PIDS: pids }, 3_000)
    expect(answer).toEqual({ tag: 'Failed', why: 'evaluating it took longer than 3 s' })
    for (const pid of readFileSync(pids, 'utf8').split(' ')) await expectGone(Number(pid))
  })

  test('whose URL cannot be parsed says so without repeating it', async () => {
    const answer = await read('production:\n  url: "postgres://u:s3 cret@h/d"\n')
    expect(answer).toMatchObject({ tag: 'Failed', why: expect.stringContaining('the url: of primary is not a valid URL') })
    expect(JSON.stringify(answer)).not.toMatch(/s3|cret/)
  })

  test('is not read when there is no Ruby', async () => {
    expect(await readDatabaseYml({ ruby: '/nowhere/ruby', appDir: makeApp(single), env: surroundings, timeoutMs: 60_000 })).toMatchObject({
      tag: 'Failed',
      why: expect.stringContaining("Ruby can't be started"),
    })
  })
})

/** A killed orphan stays a zombie until init reaps it: it is gone as soon as it runs no more. */
async function expectGone(pid: number): Promise<void> {
  await expect
    .poll(
      () => {
        try {
          return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        } catch {
          return 'gone'
        }
      },
      { timeout: 20_000 },
    )
    .toMatch(/^(gone|Z)$/)
}
