import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFiles } from '../../test/support/write-files.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { BezelError } from '../errors.ts'
import { workerDatabaseVariables } from './databases/database-route.ts'
import { describeConfig } from './describe-config.ts'
import { loadConfig, type ConfigSources } from './load-config.ts'
import type { OptionName } from './options-table.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'bezel-config-')))
afterAll(() => rmSync(root, { recursive: true }))

const pumaLock = 'GEM\n  remote: https://rubygems.org/\n  specs:\n    puma (6.4.2)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  puma\n'
const rack = { 'config.ru': 'run ->(_) { [200, {}, []] }\n', Gemfile: "gem 'puma'\n", 'Gemfile.lock': pumaLock }

let apps = 0
function makeApp(files: Readonly<Record<string, string>>): string {
  const folder = join(root, `app${++apps}`)
  writeFiles(folder, files)
  return folder
}

type Given = Partial<Omit<ConfigSources, 'flags'>> & { readonly flags?: Partial<Record<OptionName, string>> }

function load(files: Readonly<Record<string, string>>, { env = {}, flags = {}, command = null, configFile = null }: Given = {}) {
  return loadConfig({
    appDir: makeApp(files),
    configFile,
    flags: new Map(Object.entries(flags)) as Map<OptionName, string>,
    command,
    env: { PATH: process.env['PATH'], HOME: root, ...env },
  })
}

async function errorOf(loading: Promise<unknown>): Promise<BezelError> {
  const error: unknown = await loading.then(() => null).catch((error: unknown) => error)
  if (error instanceof BezelError) return error
  throw new Error(`expected a BezelError, not ${String(error)}`)
}

describe('without any file', () => {
  test('a Rack app gets its server from the lock, and everything else by default', async () => {
    const config = await load(rack, { env: { PORT: '4567' } })
    expect(config.server).toMatchObject({ tag: 'Known', server: 'puma', version: '6.4.2' })
    expect(config.workers).toMatchObject({ mode: 'isolated', cwd: config.app.path, startTimeoutMs: 60_000 })
    expect(config.workers.count).toBeGreaterThan(0)
    expect(config.frontDoor).toMatchObject({ host: '0.0.0.0', port: 4567, accessLog: true })
    expect(config.databases).toEqual([])
    expect(config.gateway).toBeNull()
    expect(config.validation.mode).toBe('enforce')
    expect(config.recovery.incidentsDir).toBe(join(config.app.path, '.bezel/incidents'))
    expect(config.notices).toEqual([])
    expect(config.provenance.origins['front_door.port']).toEqual({ tag: 'Variable', variable: 'PORT' })
  })

  test('a command stands for the server, and mode cluster has no front door', async () => {
    const config = await load({}, { command: ['bin/web', '-p', '$PORT'], flags: { 'workers.mode': 'cluster' }, env: { PORT: '4000' } })
    expect(config.server).toMatchObject({ tag: 'Command', command: ['bin/web', '-p', '$PORT'] })
    expect(config.frontDoor).toBeNull()
    expect(config.provenance.origins['workers.command']).toEqual({ tag: 'Flag', flag: '--' })
  })
})

describe('what decides where no option does', () => {
  test('is named: the platform, the lock, the configuration of the server, its default', async () => {
    const { values, origins } = (await load({ ...rack, 'config/puma.rb': 'threads 1, 6' }, { env: { WEB_CONCURRENCY: '3' } })).provenance
    expect([values['workers.count'], origins['workers.count']]).toEqual([3, { tag: 'Variable', variable: 'WEB_CONCURRENCY' }])
    expect([values['workers.threads'], origins['workers.threads']]).toEqual([6, { tag: 'Detected', from: 'config/puma.rb' }])
    expect([values['workers.server'], origins['workers.server']]).toEqual([
      'puma',
      { tag: 'Detected', from: 'Gemfile.lock names puma 6.4.2' },
    ])
    expect(values['workers.command']).toEqual(['bundle', 'exec', 'puma', '-w', '0', '-t', '6:6', '-b', 'unix://{socket}'])
    expect(origins['workers.command']).toEqual({ tag: 'Detected', from: 'how puma runs as one process' })
    expect(origins['front_door.port']).toEqual({ tag: 'Default' })
    const rails = await load(rack, { env: { RAILS_MAX_THREADS: '8', RAILS_ENV: 'production' } })
    expect(rails.provenance.origins['workers.threads']).toEqual({ tag: 'Detected', from: "puma's default" })
  })

  test('in mode cluster is the server itself: one run, at its own address', async () => {
    const { provenance, workers } = await load(
      { ...rack, 'config/puma.rb': 'port ENV.fetch("PORT", 4001)\nworkers 4' },
      { flags: { 'workers.mode': 'cluster', 'workers.count': '9' } },
    )
    expect(provenance.values['workers.address']).toBe('127.0.0.1:4001')
    expect(provenance.origins['workers.address']).toEqual({ tag: 'Detected', from: "puma's own rules" })
    expect(provenance.values['workers.command']).toEqual(['bundle', 'exec', 'puma'])
    expect(workers.launch.listens).toEqual({ tag: 'Own', address: { tag: 'Tcp', host: '127.0.0.1', port: 4001 } })
  })

  test('that a server always forks is said before anything starts, with 65', async () => {
    const error = await errorOf(load({ ...rack, 'Gemfile.lock': pumaLock.replaceAll('puma', 'unicorn') }))
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('unicorn forks its own workers') })
  })

  test('what can not act beside the rest is said', async () => {
    const flags = { 'workers.mode': 'cluster', 'workers.count': '9', 'gateway.enabled': 'off' } as const
    const config = await load({ ...rack, 'bezel.yml': 'front_door: { port: 80, host: h }\ngateway: { queue_limit: 3 }\n' }, { flags })
    expect(config.notices).toEqual([
      expect.stringMatching(
        /^front_door\.host \(.*bezel\.yml:1:25\), front_door\.port \(.*bezel\.yml:1:15\) have no effect: in mode cluster/,
      ),
      expect.stringMatching(/^workers\.count \(--workers\) has no effect/),
      expect.stringMatching(/^gateway\.queue_limit \(.*bezel\.yml:2:12\) has no effect: the gateway is off$/),
    ])
    expect((await load({ ...rack, 'bezel.yml': 'front_door: { port: 80 }' })).notices).toEqual([])
  })

  test('an ignored finding that does not exist is said', async () => {
    const yaml = 'ignore: [{ finding: GEM_ABSEND, reason: known, until: 2999-12-31 }]\n'
    expect((await load({ ...rack, 'bezel.yml': yaml })).notices).toEqual([expect.stringMatching(/did you mean GEM_ABSENT\?$/)])
  })
})

describe('bezel.yml', () => {
  test('reaches the settings of every part', async () => {
    const yaml = `
workers: { count: 3, memory_soft: 600MB, command: "bin/web 'a b' {socket}", env: { A: 1 }, ready_statuses: 200 }
front_door: { queue_deadline: 5s, held_body: 1MB, repeat_methods: [GET, PUT] }
validation: { mode: warn, probe: off }
shutdown: { deadline: 8s }
admin: { listen: "127.0.0.1:9191" }
log: { file: log/bezel.log, format: json }
incidents: { folder: /var/lib/bezel }
`
    const config = await load({ ...rack, 'bezel.yml': yaml })
    expect(config.server).toMatchObject({ command: ['bin/web', 'a b', '{socket}'] })
    expect(config.workers).toMatchObject({
      count: 3,
      memory: { softLimitMb: 600, hardLimitMb: null },
      environment: { A: '1' },
      readiness: { acceptStatus: { from: 200, to: 200 } },
    })
    expect(config.frontDoor?.settings).toMatchObject({ queueTimeoutMs: 5_000, holdBodyBytes: 1_048_576, repeatMethods: ['GET', 'PUT'] })
    expect(config.validation).toMatchObject({ mode: 'warn', settings: { probe: false, appPath: config.app.path } })
    expect(config.shutdown.deadlineMs).toBe(8_000)
    expect(config.admin).toEqual({ listen: { host: '127.0.0.1', port: 9191 }, token: null })
    expect(config.log.file).toBe(join(config.app.path, 'log/bezel.log'))
    expect(config.recovery.incidentsDir).toBe('/var/lib/bezel')
  })

  test('that is wrong ends with every mistake, and 65', async () => {
    const error = await errorOf(load({ ...rack, 'bezel.yml': 'workers: { count: no }\nadmin: { tokn: x }\n' }))
    expect(error.code).toBe('CONFIG_INVALID')
    expect(error.message).toMatch(
      /bezel\.yml:2:10: admin\.tokn is not an option; did you mean admin\.token\?\n.*bezel\.yml:1:19: workers\.count/,
    )
  })

  test('must be there when it was named', async () => {
    expect((await errorOf(load(rack, { configFile: '/nowhere/bezel.yml' }))).message).toContain('there is no such file')
    expect((await errorOf(load(rack, { configFile: '/dev/zero' }))).message).toContain('it is not a file')
  })
})

describe('the databases', () => {
  const rails = (yml: string) => ({ ...rack, 'config/application.rb': '', 'config/database.yml': yml })

  test('of a Rack app are those of DATABASE_URL and its like; TEST_DATABASE_URL is none', async () => {
    const env = {
      DATABASE_URL: 'postgres://u:s3cret@h/d',
      REPORTS_DATABASE_URL: 'postgres://r@h/r',
      TEST_DATABASE_URL: 'postgres://t@h/t',
      REDIS_DATABASE_URL: 'redis://h',
    }
    const config = await load(rack, { env })
    expect(config.databases.map(({ name, way }) => [name, way.tag === 'Direct' ? way.why : way.settings.listenPort])).toEqual([
      ['primary', 5432],
      ['reports', 5433],
      ['redis', 'redis is not PostgreSQL'],
    ])
    expect(config.gateway?.databases.map(({ target }) => target.user)).toEqual(['u', 'r'])
    expect(workerDatabaseVariables(config.databases, '/run/x')).toEqual({
      DATABASE_URL: 'postgres://u@%2Frun%2Fx:5432/d?sslmode=disable&gssencmode=disable',
      REPORTS_DATABASE_URL: 'postgres://r@%2Frun%2Fx:5433/r?sslmode=disable&gssencmode=disable',
    })
  })

  test('of a Rails app are those of database.yml; each is led away by the variable that Rails asks', async () => {
    const yml = `
development:
  primary: { adapter: postgresql, host: h, port: 6000, username: u, password: p, database: d, sslmode: require, pool: 5 }
  cache: { adapter: postgresql, host: h, database: c, username: u }
  queue: { adapter: sqlite3, database: q.sqlite3 }
  linked: { url: "postgres://x@h/x" }
  named: { url: "<%= ENV['NAMED'] %>" }
`
    const config = await load(rails(yml), { env: { NAMED: 'postgresql://n@h/n?pool=3', RAILS_ENV: 'development' } })
    expect(config.app.framework).toBe('rails')
    expect(config.gateway?.databases[0]?.target).toEqual({
      host: 'h',
      port: 6000,
      user: 'u',
      password: 'p',
      database: 'd',
      sslmode: 'require',
    })
    expect(Object.fromEntries(config.databases.map(({ name, way }) => [name, way.tag === 'Direct' ? way.why : way.variables]))).toEqual({
      primary: ['DATABASE_URL'],
      cache: ['CACHE_DATABASE_URL'],
      queue: 'sqlite3 is not PostgreSQL',
      linked: 'its url: stands in config/database.yml itself, where no variable can change it',
      named: ['NAMED'],
    })
    expect(workerDatabaseVariables(config.databases, '/s')['NAMED']).toBe(
      'postgresql://n@%2Fs:5434/n?pool=3&sslmode=disable&gssencmode=disable',
    )
  })

  test('go direct, with a notice, where database.yml needs the booted app', async () => {
    const config = await load(rails('development:\n  password: <%= Rails.application.credentials.x %>\n'))
    expect(config.databases).toEqual([])
    expect(config.notices.join()).toMatch(/database\.yml can't be evaluated outside of the app/)
  })

  test('may be overridden by name', async () => {
    const yaml =
      'databases:\n  primary: { pool_size: 7, required: true }\n  reports: { gateway: off }\n  extra: { url: "postgres://e@h/e" }\n  ghost: { gateway: off }\n'
    const config = await load(
      { ...rack, 'bezel.yml': yaml },
      { env: { DATABASE_URL: 'postgres://u@h/d', REPORTS_DATABASE_URL: 'postgres://r@h/r' } },
    )
    const [primary, reports, extra] = config.databases
    expect(primary).toMatchObject({ required: true, way: { settings: { poolSize: 7 } } })
    expect(reports?.way).toEqual({ tag: 'Direct', why: 'databases.reports.gateway is off', server: { host: 'h', port: 5432 } })
    expect(extra?.way).toMatchObject({ tag: 'Gateway', variables: ['EXTRA_DATABASE_URL'] })
    expect(config.notices).toEqual(["bezel.yml overrides the database ghost, which the app doesn't name"])
  })

  test('may be named by the variables that bezel.yml adds', async () => {
    const config = await load({ ...rack, 'bezel.yml': 'workers: { env: { DATABASE_URL: "postgres://u@h/d" } }\n' })
    expect(config.gateway?.databases).toMatchObject([{ name: 'primary', target: { user: 'u', host: 'h' } }])
  })

  test('all go direct when the gateway is off', async () => {
    const config = await load(rack, { env: { DATABASE_URL: 'postgres://u@h/d' }, flags: { 'gateway.enabled': 'off' } })
    expect(config.gateway).toBeNull()
    expect(config.databases[0]?.way).toMatchObject({ tag: 'Direct', why: 'the gateway is off' })
    expect(workerDatabaseVariables(config.databases, '/s')).toEqual({})
  })

  test.each(['u:s3cret@h/d', 'postgres://u:s3cret@h:x/d'])('a DATABASE_URL like %s ends with 65, and is not printed', async (url) => {
    for (const files of [rack, rails('development:\n  adapter: postgresql\n')]) {
      const error = await errorOf(load(files, { env: { DATABASE_URL: url } }))
      expect(error.code).toBe('CONFIG_INVALID')
      expect(error.message + error.remedy.join()).not.toContain('s3cret')
    }
  })
})

test('the description of a configuration holds no secret', async () => {
  const yaml =
    'admin: { token: s3cret-s3cret-s3cret }\nworkers: { env: { SECRET_KEY_BASE: s3cret, X_URL: "redis://:s3cret@h" } }\ndatabases: { primary: { url: "postgres://u:s3cret@h/d" } }\n'
  const description = describeConfig(await load({ ...rack, 'bezel.yml': yaml }, { env: { DATABASE_URL: 'postgres://u:s3cret@h/d' } }))
  expect(JSON.stringify(description)).not.toContain('s3cret')
  expect(description.options['admin.token']).toEqual({ value: '***', origin: expect.stringMatching(/bezel\.yml:1:10$/) })
  expect(description.databases).toEqual([
    { name: 'primary', origin: 'databases.primary.url', through: 'gateway', detail: 'u@h:5432/d (sslmode prefer)', required: false },
  ])
})
