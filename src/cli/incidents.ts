import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { CommandContext } from './create-program.ts'

const mostListed = 50

interface Flags {
  readonly app: string
  readonly config?: string
  readonly incidentsFolder?: string
  readonly json?: boolean
}

/** `bezel incidents [ID]`: what was recorded; works whether or not a bezel runs. */
export function registerIncidents(program: Command, context: CommandContext): void {
  program
    .command('incidents')
    .description('list the recorded incidents, or show one')
    .argument('[ID]', 'as the log and the list name it')
    .option('--app <DIR>', "the app's folder", '.')
    .option('--config <FILE>', "another file than bezel.yml in the app's folder [BEZEL_CONFIG]")
    .option('--incidents-folder <DIR>', 'where they are, if bezel run was told so [BEZEL_INCIDENTS_FOLDER]')
    .option('--json', 'print JSON: an array, or the one incident')
    .addHelpText(
      'after',
      '\nExamples:\n  bezel incidents\n  bezel incidents 20261125-101530-7-k3x\n  bezel incidents --json | jq .[0].explanation',
    )
    .action(async (id: string | undefined, options: Flags) => {
      const { configFileOf } = await import('./option-flags.ts')
      const { loadOptions } = await import('../config/load-config.ts')
      const { IncidentStore } = await import('../recovery/incidents/incident-store.ts')
      const { findRuntimeDirectory } = await import('../system/find-runtime-directory.ts')
      const { incidentsFolderIn } = await import('../system/runtime-directory.ts')
      const { print, printJson, wantsColour } = await import('./stdout.ts')
      const { toJson } = await import('../snake-case.ts')
      const { formatIncident, formatIncidents } = await import('./format-incidents.ts')
      const { values } = loadOptions({
        appDir: options.app,
        configFile: configFileOf(options.config),
        flags: new Map(options.incidentsFolder === undefined ? [] : [['incidents.folder', options.incidentsFolder]]),
        command: context.command,
        env: process.env,
      })
      const runtime = existsSync(options.app) ? findRuntimeDirectory(realpathSync(options.app)) : null
      const spare = runtime === null ? null : incidentsFolderIn(runtime)
      const store = new IncidentStore(resolve(options.app, values['incidents.folder']), values['incidents.keep'], spare)
      if (id !== undefined) {
        const incident = store.read(id)
        if (options.json === true) printJson(toJson(incident))
        else print(formatIncident(incident, wantsColour(process.stdout, process.env)))
        return
      }
      const { incidents, unreadable } = store.list(mostListed)
      if (options.json === true) printJson(toJson(incidents))
      else print(formatIncidents(incidents))
      for (const why of unreadable) process.stderr.write(`bezel: ${why}\n`)
    })
}
