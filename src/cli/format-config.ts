import { styleText } from 'node:util'
import type { ConfigDescription } from '../config/describe-config.ts'

/** The configuration for eyes: what was said or found, then the databases; defaults only with `all`. */
export function formatConfig(
  { app, options, databases, notices }: ConfigDescription,
  { all, colour }: { readonly all: boolean; readonly colour: boolean },
): string {
  const dim = (text: string) => (colour ? styleText('dim', text, { validateStream: false }) : text)
  const bold = (text: string) => (colour ? styleText('bold', text, { validateStream: false }) : text)
  const shown = Object.entries(options).filter(([, { origin }]) => all || origin !== 'default')
  const rows = shown.map(([name, { value, origin }]) => [name, showValue(value), origin] as const)
  const width = (column: 0 | 1) => Math.min(40, Math.max(0, ...rows.map((row) => row[column].length)))
  const [nameWidth, valueWidth] = [width(0), width(1)]
  const left = Object.keys(options).length - rows.length
  return [
    `${bold('app')}        ${app.path} (${app.framework})`,
    `${bold('server')}     ${app.server}`,
    `${bold('file')}       ${app.configFile ?? 'no bezel.yml'}`,
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

function showValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
