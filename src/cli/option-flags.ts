import type { Command } from 'commander'
import type { ConfigSources } from '../config/load-config.ts'
import { spellings } from '../config/describe-config.ts'
import { optionNames, optionsTable, sectionOf, type OptionName } from '../config/options-table.ts'
import { BezelError } from '../errors.ts'
import type { CommandContext } from './create-program.ts'

/** Adds a flag for every option of the table, and those that say where the app is. */
export function addOptionFlags(command: Command): Command {
  command
    .option('--app <DIR>', "the app's folder", '.')
    .option('--config <FILE>', "another file than bezel.yml in the app's folder [BEZEL_CONFIG]")
  for (const name of optionNames) {
    const { flag, variable } = spellings(name)
    if (flag === null) continue
    const { kind, help, fallback, auto } = optionsTable[name]
    const preset = fallback === null ? (auto ?? 'none') : [kind.show(fallback)].flat().join(',')
    const option = command.createOption(
      `${flag} <${kind.placeholder}>`,
      `${help} [default: ${preset.length > 60 ? 'see docs/configuration.md' : preset}] [${variable}]`,
    )
    command.addOption(option.helpGroup(`${sectionOf(name)}:`))
  }
  return command
}

/** What was typed, as `loadConfig` takes it. */
export function toConfigSources(command: Command, { command: words }: CommandContext): ConfigSources {
  if (words?.length === 0)
    throw new BezelError('COMMAND_LINE_WRONG', 'nothing stands behind "--"', {
      remedy: ['bezel run -- bundle exec puma -b unix://{socket}'],
    })
  const typed = command.opts<Record<string, string | undefined>>()
  const flags = new Map<OptionName, string>()
  for (const name of optionNames) {
    const { flag } = spellings(name)
    const text = flag === null ? undefined : typed[camelCase(flag)]
    if (text !== undefined) flags.set(name, text)
  }
  return { appDir: typed['app'] ?? '.', configFile: configFileOf(typed['config']), flags, command: words, env: process.env }
}

/** `--config`, else BEZEL_CONFIG; null: bezel.yml where the app is. */
export function configFileOf(typed: string | undefined): string | null {
  const stated = process.env['BEZEL_CONFIG']
  return typed ?? (stated === undefined || stated === '' ? null : stated)
}

/** As commander names the value of `--front-door-host`. */
function camelCase(flag: string): string {
  return flag.replace(/^--/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
