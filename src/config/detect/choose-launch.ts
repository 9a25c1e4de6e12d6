import { availableParallelism } from 'node:os'
import type { LaunchPlan } from '../../workers/options.ts'
import { detectAddress, detectThreads, planLaunch } from '../../workers/servers/plan-launch.ts'
import type { AppFacts } from '../../workers/servers/server-rules.ts'
import type { Provenance } from '../config.ts'
import type { Origin } from '../origin.ts'
import { readAddress, showAddress } from '../read-address.ts'
import type { ServerChoice } from './choose-server.ts'
import { detectPort, detectWorkerCount, toChosen, type Chosen } from './detect-defaults.ts'

export interface LaunchChoice {
  readonly launch: LaunchPlan
  readonly count: number
  /** Of the front door. */
  readonly port: number
  readonly provenance: Provenance
}

/**
 * How the app's server is started, how often, and on which port: what the options leave open is decided by the app, its
 * server and the platform, and the provenance says by which.
 * @throws BezelError CONFIG_INVALID where the mode can't work with this server, or nothing says where it listens
 */
export function chooseLaunch(
  stated: Provenance,
  server: ServerChoice,
  facts: AppFacts,
  env: Readonly<Record<string, string | undefined>>,
): LaunchChoice {
  const { values, origins } = stated
  const mode = values['workers.mode']
  const address = values['workers.address'] === null ? null : readAddress(values['workers.address'])
  const launch = planLaunch({ mode, server, threads: values['workers.threads'], address, app: facts })
  const count = orElse(values['workers.count'], origins['workers.count'], () =>
    mode === 'cluster'
      ? toChosen({ value: 1, from: "mode cluster is one run of the app's own server, which forks as it is configured" })
      : detectWorkerCount(env, availableParallelism()),
  )
  const port = orElse(values['front_door.port'], origins['front_door.port'], () => detectPort(env))
  const threads = orElse(values['workers.threads'], origins['workers.threads'], () => toChosen(detectThreads(server.server, facts)))
  const command = orElse<readonly string[] | null>(server.tag === 'Command' ? server.command : null, origins['workers.command'], () =>
    toChosen({ value: launch.command, from: `how ${server.server} runs as ${mode === 'cluster' ? 'its own cluster' : 'one process'}` }),
  )
  const ownAddress = orElse<string | null>(values['workers.address'], origins['workers.address'], () => {
    const own = mode === 'cluster' ? detectAddress(server.server, facts) : null
    return own === null ? { value: null, origin: { tag: 'Default' } } : toChosen({ value: showAddress(own.value), from: own.from })
  })
  return {
    launch,
    count: count.value,
    port: port.value,
    provenance: {
      values: {
        ...values,
        'workers.count': count.value,
        'workers.threads': threads.value,
        'workers.server': server.server ?? 'command',
        'workers.command': command.value,
        'workers.address': ownAddress.value,
        ...(mode === 'cluster' ? {} : { 'front_door.port': port.value }),
      },
      origins: {
        ...origins,
        'workers.count': count.origin,
        'workers.threads': threads.origin,
        ...(values['workers.server'] === 'auto' ? { 'workers.server': { tag: 'Detected', from: server.from } as const } : {}),
        'workers.command': command.origin,
        'workers.address': ownAddress.origin,
        ...(mode === 'cluster' ? {} : { 'front_door.port': port.origin }),
      },
    },
  }
}

function orElse<Value>(stated: Value | null, origin: Origin, choose: () => Chosen<Value>): Chosen<Value> {
  return stated === null ? choose() : { value: stated, origin }
}
