import { optionNames, type OptionName, type Values } from './options-table.ts'
import { showOrigin, type Origin } from './origin.ts'

/** Options that were stated and can't act beside the others: one sentence for each reason. */
export function findInertOptions(values: Values, origins: Readonly<Record<OptionName, Origin>>): string[] {
  return reasons(values).flatMap(({ why, isInert }) => {
    const stated = optionNames.filter((name) => isInert(name) && origins[name].tag !== 'Default')
    if (stated.length === 0) return []
    const names = stated.map((name) => `${name} (${showOrigin(origins[name])})`).join(', ')
    return [`${names} ${stated.length === 1 ? 'has' : 'have'} no effect: ${why}`]
  })
}

interface Reason {
  readonly why: string
  readonly isInert: (name: OptionName) => boolean
}

function reasons(values: Values): Reason[] {
  const isCluster = values['workers.mode'] === 'cluster'
  return [
    ...(isCluster
      ? [
          reason("in mode cluster the app's own server owns its port", (name) => name.startsWith('front_door.')),
          reason("in mode cluster the app's own configuration says how many workers its server forks", (name) => name === 'workers.count'),
        ]
      : [reason('in mode isolated each worker listens on a socket of its own', (name) => name === 'workers.address')]),
    ...(values['gateway.enabled']
      ? []
      : [reason('the gateway is off', (name) => name === 'databases' || (name.startsWith('gateway.') && name !== 'gateway.enabled'))]),
    ...(values['validation.mode'] === 'off'
      ? [reason('validation is off', (name) => ['validation.probe', 'validation.probe_timeout', 'ignore'].includes(name))]
      : []),
    ...(values['admin.listen'] === null ? [reason('admin.listen is not set', (name) => name === 'admin.token')] : []),
  ]
}

function reason(why: string, isInert: (name: OptionName) => boolean): Reason {
  return { why, isInert }
}
