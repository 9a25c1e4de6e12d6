import { closestName } from './closest-name.ts'
import { flagOf, variableOf } from './option.ts'
import { optionNames, optionsTable } from './options-table.ts'
import { showValue } from './problem.ts'

/** Variables of bezel's own that are no options. */
const otherVariables = new Set(['BEZEL_DEBUG', 'BEZEL_CONFIG'])

/**
 * Variables that were probably meant for bezel: what to say of each. Never an error: Kubernetes gives every container variables
 * such as BEZEL_PORT for a service of that name, and one that resembles no option belongs to somebody else's script.
 */
export function findMisspeltVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(optionNames.flatMap((name) => variableOf(name, optionsTable[name]) ?? []))
  const byFlag = new Map(optionNames.flatMap((name) => variableByFlag(name)))
  const misspelt = Object.keys(env)
    .filter((variable) => variable.startsWith('BEZEL_') && !known.has(variable) && !otherVariables.has(variable))
    .flatMap((variable) => {
      const close = byFlag.get(variable) ?? closestName(variable, known)
      return close === null ? [] : [`${variable} is not an option and is ignored; did you mean ${close}?`]
    })
  const { PORT: port = '' } = env
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535
  return port === '' || isPort ? misspelt : [...misspelt, `PORT is ${showValue(port)}, which is not a port from 1 to 65535, and is ignored`]
}

/** The variable that a short flag suggests (`--workers`: BEZEL_WORKERS) -> the one that is read. */
function variableByFlag(name: (typeof optionNames)[number]): [string, string][] {
  const [flag, variable] = [flagOf(name, optionsTable[name]), variableOf(name, optionsTable[name])]
  return flag === null || variable === null ? [] : [[`BEZEL_${flag.slice(2).replaceAll('-', '_').toUpperCase()}`, variable]]
}
