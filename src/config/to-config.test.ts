import { expect, test } from 'vitest'
import { optionNames, optionsTable, type OptionName, type Values } from './options-table.ts'
import type { LaunchPlan } from '../workers/options.ts'
import { toConfig, type Found } from './to-config.ts'

const defaults = Object.fromEntries(optionNames.map((name) => [name, optionsTable[name].fallback])) as Values
const launch: LaunchPlan = {
  command: ['puma'],
  environment: {},
  listens: { tag: 'Socket' },
  slots: 5,
  drainSignal: 'SIGTERM',
  restartSignal: null,
  keepAliveTimeoutMs: 0,
  litter: null,
}
const found: Found = {
  app: { path: '/app', framework: 'rack', lock: null, has: () => false },
  launch,
  count: 2,
  port: 3000,
  databases: [
    {
      name: 'primary',
      origin: 'DATABASE_URL',
      required: false,
      way: {
        tag: 'Gateway',
        settings: {
          name: 'primary',
          target: { host: 'h', port: 1, user: 'u', password: null, database: 'd', sslmode: 'prefer' },
          listenPort: 5432,
          poolSize: null,
        },
        url: { scheme: 'postgres', parameters: new Map() },
        variables: ['DATABASE_URL'],
      },
    },
  ],
  env: {},
}

/** Decided before the settings are made: they choose what is found. */
const decidedBefore: readonly OptionName[] = [
  'workers.count',
  'workers.threads',
  'workers.address',
  'workers.server',
  'workers.command',
  'front_door.port',
  'gateway.enabled',
  'databases',
]

test('no option is read by nobody', () => {
  const read = new Set<unknown>()
  const watched = new Proxy(defaults, {
    get(values, name, receiver): unknown {
      read.add(name)
      return Reflect.get(values, name, receiver)
    },
  })
  toConfig(watched, found)
  expect(optionNames.filter((name) => !read.has(name) && !decidedBefore.includes(name))).toEqual([])
})

test("the defaults of the options are the parts' own", async () => {
  const config = toConfig(defaults, found)
  const { frontDoorDefaults } = await import('../front-door/options.ts')
  const { gatewayDefaults } = await import('../gateway/options.ts')
  const { workersDefaults } = await import('../workers/options.ts')
  expect(config.frontDoor?.settings).toEqual(frontDoorDefaults)
  expect({ ...config.gateway, databases: [] }).toEqual(gatewayDefaults)
  expect(config.workers).toEqual({ ...workersDefaults, cwd: '/app', launch })
})
