import type { OptionName, Values } from './options-table.ts'
import { showOrigin, type Origin } from './origin.ts'
import { showValue, type Problem } from './problem.ts'
import { readAddress } from './read-address.ts'

/** Values that are right each, and impossible together. */
export function checkCombinations(values: Values, origins: Readonly<Record<OptionName, Origin>>, hasCommand: boolean): Problem[] {
  const problems: Problem[] = []
  const place = (name: OptionName): string | null => (origins[name].tag === 'Default' ? null : showOrigin(origins[name]))
  const against = (name: OptionName, other: OptionName, message: string) => {
    problems.push({
      place: place(name) ?? place(other),
      message: `${name}: ${message} ${other}${place(other) === null ? ' (its default)' : ` (${place(other)})`}`,
    })
  }
  const atMost = (name: OptionName, value: number | null, other: OptionName, limit: number | null) => {
    if (value !== null && limit !== null && value > limit) against(name, other, 'must not be above')
  }
  atMost('workers.memory_soft', values['workers.memory_soft'], 'workers.memory_hard', values['workers.memory_hard'])
  atMost('workers.restart_wait', values['workers.restart_wait'], 'workers.restart_wait_most', values['workers.restart_wait_most'])
  atMost('gateway.retry_wait', values['gateway.retry_wait'], 'gateway.retry_wait_most', values['gateway.retry_wait_most'])
  atMost('front_door.max_target', values['front_door.max_target'], 'front_door.max_head', values['front_door.max_head'])
  atMost('front_door.held_body', values['front_door.held_body'], 'front_door.held_bodies', values['front_door.held_bodies'])
  if (values['workers.server'] === 'command' && values['workers.command'] === null && !hasCommand) {
    problems.push({ place: place('workers.server'), message: 'workers.server: command wants workers.command, or "bezel run -- COMMAND"' })
  }
  if (values['workers.address'] !== null && readAddress(values['workers.address']) === null) {
    problems.push({
      place: place('workers.address'),
      message: `workers.address: ${showValue(values['workers.address'])} is neither IP:PORT nor an absolute socket path of at most 107 bytes`,
    })
  }
  const listen = values['admin.listen']
  if (listen !== null && readAddress(listen)?.tag !== 'Tcp') {
    problems.push({
      place: place('admin.listen'),
      message: `admin.listen: ${showValue(listen)} is not an address with a port from 1 to 65535`,
    })
  } else if (listen !== null && values['admin.token'] === null && !isLoopback(listen)) {
    problems.push({
      place: place('admin.listen'),
      message: `admin.listen: ${listen} is not a loopback address: set admin.token (or BEZEL_ADMIN_TOKEN) as well`,
    })
  }
  return problems
}

function isLoopback(listen: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|\[::1\]|::1):\d+$/.test(listen)
}
