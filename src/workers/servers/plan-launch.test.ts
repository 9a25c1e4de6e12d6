import { describe, expect, test } from 'vitest'
import { BezelError } from '../../errors.ts'
import { noticeIsolation } from './notice-isolation.ts'
import { planLaunch, type LaunchRequest } from './plan-launch.ts'
import type { AppFacts, ServerName } from './server-rules.ts'

interface App {
  readonly gems?: Record<string, string>
  readonly files?: Record<string, string>
  readonly environment?: Record<string, string>
}

function app({ gems = {}, files = {}, environment = {} }: App): AppFacts {
  return {
    gems: new Map(Object.entries(gems)),
    hasBundle: Object.keys(gems).length > 0,
    environment,
    cpus: 4,
    readText: (path) => files[path] ?? null,
  }
}

function plan(server: ServerName, facts: App, rest: Partial<LaunchRequest> = {}) {
  return planLaunch({ mode: 'isolated', server: { tag: 'Known', server }, threads: null, address: null, app: app(facts), ...rest })
}

function planCommand(command: readonly string[], rest: Partial<LaunchRequest> = {}) {
  return planLaunch({
    mode: 'isolated',
    server: { tag: 'Command', command, server: null },
    threads: null,
    address: null,
    app: app({}),
    ...rest,
  })
}

const puma = (config: string, environment: Record<string, string> = {}) => ({
  gems: { puma: '8.0.2' },
  files: { 'config/puma.rb': config },
  environment,
})

describe('iodine', () => {
  test('0.7 is one process with -w 1, 0.8 with -w 0; workers and threads are always given', () => {
    expect(plan('iodine', { gems: { iodine: '0.7.58' } }).command).toEqual([
      'bundle',
      'exec',
      'iodine',
      '-w',
      '1',
      '-t',
      '4',
      '-b',
      '{socket}',
    ])
    expect(plan('iodine', { gems: { iodine: '0.8.1' } }).command).toContain('0')
    expect(plan('iodine', {}).command[0]).toBe('iodine')
  })

  test('threads: asked for, else THREADS, else RAILS_MAX_THREADS, else the CPUs', () => {
    expect(plan('iodine', {}, { threads: 7 }).slots).toBe(7)
    expect(plan('iodine', { environment: { THREADS: '3', RAILS_MAX_THREADS: '9' } }).slots).toBe(3)
    expect(plan('iodine', { environment: { RAILS_MAX_THREADS: '9' } }).slots).toBe(9)
    expect(plan('iodine', { environment: { THREADS: '-2' } }).slots).toBe(4)
  })
})

describe('puma', () => {
  test('is one process on the socket, whatever its configuration says of workers and ports', () => {
    const { command, environment, drainSignal } = plan('puma', puma('workers 4\nport 3000'))
    expect(command).toEqual(['bundle', 'exec', 'puma', '-w', '0', '-t', '5:5', '-b', 'unix://{socket}'])
    expect(environment).toEqual({ WEB_CONCURRENCY: '0' })
    expect(drainSignal).toBe('SIGTERM')
  })

  test.each([
    ['threads 1, 6', {}, 6],
    ['# threads 1, 6', {}, 5],
    ['threads_count = ENV.fetch("RAILS_MAX_THREADS", 3)\nthreads threads_count, threads_count', {}, 3],
    ['max = ENV.fetch("RAILS_MAX_THREADS") { 5 }\nthreads max, max', { RAILS_MAX_THREADS: '8' }, 8],
    ['threads 1, 6', { PUMA_MAX_THREADS: '2' }, 2],
    ['', {}, 5],
  ])('threads by its own rules: %j with %j is %i', (config, environment, threads) => {
    expect(plan('puma', puma(config, environment as Record<string, string>)).slots).toBe(threads)
  })

  test('a pidfile, state file or control app of the configuration becomes one of the process', () => {
    const { command } = plan('puma', puma('pidfile "tmp/pids/server.pid"\nstate_path "tmp/puma.state"\nactivate_control_app'))
    expect(command.slice(-6)).toEqual(['--pidfile', '{socket}.pid', '--state', '{socket}.state', '--control-url', 'unix://{socket}.ctl'])
  })

  test('keep-alive: stated, else by version', () => {
    expect(plan('puma', puma('persistent_timeout 11')).keepAliveTimeoutMs).toBe(11_000)
    expect(plan('puma', puma('')).keepAliveTimeoutMs).toBe(65_000)
    expect(plan('puma', { gems: { puma: '6.4.0' } }).keepAliveTimeoutMs).toBe(20_000)
  })

  test.each([
    ['port ENV.fetch("PORT") { 3000 }', {}, { tag: 'Tcp', host: '127.0.0.1', port: 3000 }],
    ['port ENV.fetch("PORT", 3000)', { PORT: '4000' }, { tag: 'Tcp', host: '127.0.0.1', port: 4000 }],
    ["port Integer(ENV.fetch('PORT', '3000'))", {}, { tag: 'Tcp', host: '127.0.0.1', port: 3000 }],
    ['port ENV["PORT"] || 5000', {}, { tag: 'Tcp', host: '127.0.0.1', port: 5000 }],
    ['bind "tcp://0.0.0.0:8080"', {}, { tag: 'Tcp', host: '127.0.0.1', port: 8080 }],
    ['bind "unix:///run/app.sock?umask=0111"', {}, { tag: 'Unix', path: '/run/app.sock' }],
    ['', {}, { tag: 'Tcp', host: '127.0.0.1', port: 9292 }],
  ])('cluster: %j with %j listens at %j', (config, environment, address) => {
    const { listens, command } = plan('puma', puma(config, environment), { mode: 'cluster' })
    expect(listens).toEqual({ tag: 'Own', address })
    expect(command).toEqual(['bundle', 'exec', 'puma'])
  })
})

describe('servers that always fork', () => {
  test.each([
    ['unicorn', 'SIGQUIT'],
    ['pitchfork', 'SIGQUIT'],
    ['falcon', 'SIGINT'],
  ] as const)('%s is refused as an isolated worker, and drains on %s in cluster', (server, signal) => {
    expect(() => plan(server, {})).toThrow(BezelError)
    expect(plan(server, { gems: { [server]: '1.0' } }, { mode: 'cluster' })).toMatchObject({ drainSignal: signal })
  })

  test('unicorn listens where its configuration says', () => {
    const at = (config: string) => plan('unicorn', { files: { 'config/unicorn.rb': config } }, { mode: 'cluster' }).listens
    expect(at('listen 3000, tcp_nopush: true')).toEqual({ tag: 'Own', address: { tag: 'Tcp', host: '127.0.0.1', port: 3000 } })
    expect(at('listen "/run/u.sock"')).toEqual({ tag: 'Own', address: { tag: 'Unix', path: '/run/u.sock' } })
    expect(at('')).toEqual({ tag: 'Own', address: { tag: 'Tcp', host: '127.0.0.1', port: 8080 } })
  })
})

describe('an explicit command', () => {
  test('listens on {socket}, {port} or $PORT, and on PORT when it names none', () => {
    expect(planCommand(['serve', '--unix={socket}']).listens).toEqual({ tag: 'Socket' })
    expect(planCommand(['serve', '-p', '$PORT', '--url', 'http://x:${PORT}/', '$PORTAL'])).toMatchObject({
      command: ['serve', '-p', '{port}', '--url', 'http://x:{port}/', '$PORTAL'],
      listens: { tag: 'Port' },
    })
    expect(planCommand(['rackup']).listens).toEqual({ tag: 'Port' })
  })

  test('of a known server has its habits', () => {
    const server = { tag: 'Command' as const, command: ['unicorn', '-l', '{socket}'], server: 'unicorn' as const }
    expect(planCommand([], { server })).toMatchObject({ drainSignal: 'SIGQUIT', slots: 1 })
  })

  test('in cluster needs an address from somewhere', () => {
    expect(() => planCommand(['serve'], { mode: 'cluster' })).toThrow(/nothing says which it is/)
    const listens = { tag: 'Own', address: { tag: 'Tcp', host: '127.0.0.1', port: 5000 } }
    expect(planCommand(['serve'], { mode: 'cluster', app: app({ environment: { PORT: '5000' } }) }).listens).toEqual(listens)
    expect(planCommand(['serve'], { mode: 'cluster', address: { tag: 'Tcp', host: '127.0.0.1', port: 5000 } }).listens).toEqual(listens)
  })
})

test.each([
  ['puma', 'SIGUSR1'],
  ['iodine', 'SIGUSR1'],
  ['unicorn', 'SIGHUP'],
  ['falcon', 'SIGHUP'],
  ['pitchfork', null],
] as const)("%s's own rolling restart begins with %s; of an unknown server none is known", (server, signal) => {
  expect(plan(server, {}, { mode: 'cluster' }).restartSignal).toBe(signal)
  expect(planCommand(['serve'], { mode: 'cluster', app: app({ environment: { PORT: '1' } }) }).restartSignal).toBeNull()
})

describe('what isolation changes', () => {
  const codes = (...args: Parameters<typeof noticeIsolation>) => noticeIsolation(...args).map(({ code }) => code)

  test('iodine: broadcasts stay inside one worker, unless Redis carries them', () => {
    expect(codes('iodine', app({}), ['client.subscribe :chat'])).toEqual(['BROADCAST_STAYS_INSIDE'])
    expect(codes('iodine', app({}), ['client.subscribe :chat', 'Iodine::PubSub.default = Iodine::PubSub::Redis.new(url)'])).toEqual([])
    expect(codes('iodine', app({}), ['run App'])).toEqual([])
  })

  test('puma: hooks of the cluster, preloading, redirected output', () => {
    const config = 'before_fork { }\n# on_worker_boot { }\non_worker_shutdown { }\npreload_app!\nstdout_redirect "out", "err"'
    const notices = noticeIsolation('puma', app(puma(config)))
    expect(notices.map(({ code }) => code)).toEqual(['CLUSTER_HOOKS_SKIPPED', 'MEMORY_NOT_SHARED', 'OUTPUT_REDIRECTED'])
    expect(notices[0]?.text).toContain('before_fork, on_worker_shutdown,')
    expect(codes('puma', app(puma('port 3000')))).toEqual([])
    expect(codes(null, app({}))).toEqual([])
  })
})
