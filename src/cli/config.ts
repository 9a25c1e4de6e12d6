import type { Command } from 'commander'
import type { CommandContext } from './create-program.ts'

/** `bezel config`: the effective configuration, and where each value came from. */
export async function registerConfig(program: Command, context: CommandContext): Promise<void> {
  const { addOptionFlags, toConfigSources } = await import('./option-flags.ts')
  addOptionFlags(
    program
      .command('config')
      .description('print the effective configuration, and where each value came from')
      .usage('[options] [-- COMMAND]')
      .option('--json', 'print JSON')
      .option('--all', 'also what is left at its default')
      .option('--schema', 'print the JSON Schema of bezel.yml, for editors'),
  )
    .addHelpText('after', '\nExamples:\n  bezel config\n  bezel config --json --workers 4\n  bezel config --schema > bezel.schema.json')
    .action(async (_options: unknown, command: Command) => {
      const { json = false, all = false, schema = false } = command.opts<{ json?: boolean; all?: boolean; schema?: boolean }>()
      const { print, printJson, wantsColour } = await import('./stdout.ts')
      if (schema) {
        const { configSchema } = await import('../config/json-schema.ts')
        printJson(configSchema())
        return
      }
      const { loadConfig } = await import('../config/load-config.ts')
      const { describeConfig } = await import('../config/describe-config.ts')
      const description = describeConfig(await loadConfig(toConfigSources(command, context)))
      if (json) {
        printJson(description)
        return
      }
      const { formatConfig } = await import('./format-config.ts')
      print(formatConfig(description, { all, colour: wantsColour(process.stdout, process.env) }))
    })
}
