import { closestName } from './closest-name.ts'
import { flagOf, variableOf, type Option } from './option.ts'
import { isOptionName, optionNames, optionsTable, shorthands, type OptionName, type Values } from './options-table.ts'
import type { Origin } from './origin.ts'
import { showValue, type Problem } from './problem.ts'
import { isRecord, type YamlFile } from './yaml-file.ts'

/** What was typed, before it is checked. */
export interface Layers {
  /** Text of each flag, by the option's name. */
  readonly flags: ReadonlyMap<OptionName, string>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file: YamlFile | null
}

export interface Resolved {
  /** Of options that are wrong, the default: of use only when there are no problems. */
  readonly values: Values
  readonly origins: Readonly<Record<OptionName, Origin>>
  readonly problems: readonly Problem[]
  /** What is strange but harms nothing. */
  readonly notices: readonly string[]
}

interface Given {
  readonly raw: unknown
  readonly origin: Origin
  /** Where a message points; `path` leads into a structure. */
  place(path: readonly (string | number)[]): string
}

/** Variables of bezel's own that are no options. */
const otherVariables = new Set(['BEZEL_DEBUG', 'BEZEL_CONFIG'])

/** Flags win over variables, variables over bezel.yml, that over defaults. Every layer is checked, also where a higher one wins. */
export function resolveValues({ flags, env, file }: Layers): Resolved {
  const problems: Problem[] = []
  const fromFile = file === null ? new Map<OptionName, Given>() : readFile(file, problems)
  const values: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const name of optionNames) {
    const option = optionsTable[name]
    values[name] = option.fallback
    origins[name] = { tag: 'Default' }
    // The lowest layer first: each later one that is right takes over.
    for (const given of [fromFile.get(name), fromVariable(name, option, env), fromFlag(name, option, flags)]) {
      if (given === undefined) continue
      const checked = option.kind.schema.safeParse(given.raw)
      if (checked.success) {
        values[name] = checked.data
        origins[name] = given.origin
      } else problems.push(...toProblems(name, option, given, checked.error.issues))
    }
  }
  return { values: values as Values, origins: origins as Record<OptionName, Origin>, problems, notices: misspeltVariables(env) }
}

function fromFlag(name: OptionName, option: Option<unknown>, flags: Layers['flags']): Given | undefined {
  const flag = flagOf(name, option)
  const text = flags.get(name)
  return text === undefined || flag === null
    ? undefined
    : { raw: option.kind.fromText(text), origin: { tag: 'Flag', flag }, place: () => flag }
}

function fromVariable(name: OptionName, option: Option<unknown>, env: Layers['env']): Given | undefined {
  const variable = variableOf(name, option)
  const text = variable === null ? undefined : env[variable]
  // An empty variable is how many tools spell "not set".
  if (text === undefined || text === '' || variable === null) return undefined
  return { raw: option.kind.fromText(text), origin: { tag: 'Variable', variable }, place: () => variable }
}

function readFile(file: YamlFile, problems: Problem[]): Map<OptionName, Given> {
  const found = new Map<OptionName, Given>()
  const take = (name: OptionName, path: readonly string[], raw: unknown) => {
    // `threads:` with nothing behind it, as editors leave it, says nothing.
    if (raw === null && optionsTable[name].fallback !== null) return
    found.set(name, {
      raw,
      origin: { tag: 'File', place: file.placeOf(path, 'key') },
      place: (inside) => file.placeOf([...path, ...inside], 'value'),
    })
  }
  const walk = (values: Readonly<Record<string, unknown>>, path: readonly string[]) => {
    for (const [key, value] of Object.entries(values)) {
      const here = [...path, key]
      const name = here.join('.')
      const short = shorthands[name]
      if (isOptionName(name)) take(name, here, value)
      else if (short !== undefined && !isRecord(value)) take(short, here, value)
      else if (!isSection(name)) problems.push({ place: file.placeOf(here, 'key'), message: unknownOption(name) })
      else if (isRecord(value)) walk(value, here)
      else if (value !== null)
        problems.push({ place: file.placeOf(here, 'value'), message: `${name}: ${showValue(value)} is not a map of its options` })
    }
  }
  walk(file.root, [])
  return found
}

function isSection(name: string): boolean {
  return optionNames.some((option) => option.startsWith(`${name}.`))
}

function unknownOption(name: string): string {
  const parent = name.includes('.') ? name.slice(0, name.lastIndexOf('.') + 1) : ''
  const known = new Set(optionNames.flatMap((option) => [option, option.split('.')[0] ?? option]))
  const close = closestName(name, known)
  if (close !== null) return `${name} is not an option; did you mean ${close}?`
  const siblings = optionNames.filter((option) => parent !== '' && option.startsWith(parent)).map((option) => option.slice(parent.length))
  return siblings.length > 0
    ? `${name} is not an option; ${parent.slice(0, -1)} knows ${siblings.join(', ')}`
    : `${name} is not an option; known are ${[...new Set(optionNames.map((option) => option.split('.')[0]))].join(', ')}`
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly code?: string | undefined
}

function toProblems(name: OptionName, { kind, secret = false }: Option<unknown>, given: Given, issues: readonly Issue[]): Problem[] {
  const inside = kind.placeholder === '' ? issues.filter(({ path }) => path.length > 0) : []
  if (inside.length === 0) {
    const value = secret ? 'the value' : showValue(given.raw)
    const close = typeof given.raw === 'string' ? closestName(given.raw, kind.choices) : null
    const hint = close === null ? '' : `; did you mean ${close}?`
    return [{ place: given.place([]), message: `${name}: ${value} is not ${kind.shape}${hint}` }]
  }
  return inside.map(({ path, message }) => {
    const steps = path.map((step) => (typeof step === 'number' ? step : String(step)))
    return { place: given.place(steps), message: `${name}.${steps.join('.')}: ${message}` }
  })
}

/** Variables that were probably meant for bezel. One that resembles no option belongs to somebody else's script. */
function misspeltVariables(env: Layers['env']): string[] {
  const known = new Set(optionNames.flatMap((name) => variableOf(name, optionsTable[name]) ?? []))
  return Object.keys(env)
    .filter((variable) => variable.startsWith('BEZEL_') && !known.has(variable) && !otherVariables.has(variable))
    .flatMap((variable) => {
      const close = closestName(variable, known)
      return close === null ? [] : [`${variable} is not an option and is ignored; did you mean ${close}?`]
    })
}
