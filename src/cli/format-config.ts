import { styleText } from 'node:util'
import type { ConfigDescription } from '../config/describe-config.ts'
import { quoteWord } from '../formats/shell-words/quote-word.ts'

/** What bezel does at all, and where: shown also when nobody stated it. */
const alwaysShown: ReadonlySet<string> = new Set(['workers.mode', 'front_door.port', 'gateway.enabled', 'validation.mode'])

/** The configuration for eyes: what was said or found, then the databases; other defaults only with `all`. */
export function formatConfig(
  { app, launch, options, databases, notices }: ConfigDescription,
  { all, colour }: { readonly all: boolean; readonly colour: boolean },
): string {
  const dim = (text: string) => (colour ? styleText('dim', text, { validateStream: false }) : text)
  const bold = (text: string) => (colour ? styleText('bold', text, { validateStream: false }) : text)
  const shown = Object.entries(options).filter(([name, { origin }]) => all || origin !== 'default' || alwaysShown.has(name))
  const rows = shown.map(([name, { value, origin }]) => [name, showValue(name, value), origin] as const)
  const width = (column: 0 | 1) => Math.min(40, Math.max(0, ...rows.map((row) => row[column].length)))
  const [nameWidth, valueWidth] = [width(0), width(1)]
  const left = Object.keys(options).length - rows.length
  return [
    `${bold('app')}        ${app.path} (${app.framework})`,
    `${bold('server')}     ${app.server}`,
    `${bold('file')}       ${app.configFile ?? 'no bezel.yml'}`,
    ...(Object.keys(launch.environment).length === 0 ? [] : [`${bold('variables')}  ${showVariables(launch.environment)}`]),
    '',
    ...rows.map(([name, value, origin]) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${dim(origin)}`),
    ...(left > 0 ? [dim(`${left} more are at their defaults: bezel config --all`)] : []),
    '',
    bold('databases'),
    ...(databases.length === 0 ? ['  none found'] : []),
    ...databases.map(
      ({ name, through, detail, origin, required }) => `  ${name}  ${through}: ${detail}${required ? ', required' : ''}  ${dim(origin)}`,
    ),
    ...notices.map((notice) => `notice: ${notice}`),
  ].join('\n')
}

function showVariables(environment: Readonly<Record<string, unknown>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${quoteWord(String(value))}`)
    .join(' ')
}

function showValue(name: string, value: unknown): string {
  if (name === 'workers.command' && Array.isArray(value)) return value.map((word) => quoteWord(String(word))).join(' ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
