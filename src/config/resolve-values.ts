import { findMisspeltVariables } from './misspelt-variables.ts'
import { flagOf, variableOf, type Option } from './option.ts'
import { isOptionName, optionNames, optionsTable, shorthands, type OptionName, type Values } from './options-table.ts'
import type { Origin } from './origin.ts'
import { showValue, type Problem } from './problem.ts'
import { describeUnknownOption } from './unknown-option.ts'
import { describeValueProblems, type Written } from './value-problems.ts'
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

interface Given extends Written {
  readonly origin: Origin
}

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
      } else problems.push(...describeValueProblems(name, option, given, checked.error.issues))
    }
  }
  return { values: values as Values, origins: origins as Record<OptionName, Origin>, problems, notices: findMisspeltVariables(env) }
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
      place: (inside, part) => file.placeOf([...path, ...inside], part),
    })
  }
  const walk = (values: Readonly<Record<string, unknown>>, path: readonly string[]) => {
    for (const [key, value] of Object.entries(values)) {
      const here = [...path, key]
      const name = here.join('.')
      const short = shorthands[name]
      if (isOptionName(name)) take(name, here, value)
      else if (short !== undefined && !isRecord(value)) take(short, here, value)
      else if (!isSection(name)) problems.push({ place: file.placeOf(here, 'key'), message: describeUnknownOption(name) })
      else if (isRecord(value)) walk(value, here)
      else if (value !== null)
        problems.push({
          place: file.placeOf(here, 'value'),
          message: `${name}: ${showValue(value)} is not a map of its options${hintOf(value)}`,
        })
    }
  }
  walk(file.root, [])
  return found
}

function isSection(name: string): boolean {
  return optionNames.some((option) => option.startsWith(`${name}.`))
}

/** `count:2` is one word to YAML. */
function hintOf(value: unknown): string {
  return typeof value === 'string' && /^\w+:\S/.test(value) ? '; a space must follow the colon' : ''
}
