import { join, resolve } from 'node:path'
import { checkCombinations } from './check-combinations.ts'
import type { Config } from './config.ts'
import { findDatabases } from './databases/find-databases.ts'
import { chooseServer } from './detect/choose-server.ts'
import { chooseLaunch } from './detect/choose-launch.ts'
import { detectApp } from './detect/detect-app.ts'
import { noticesOfCommand } from './detect/notices-of-command.ts'
import { noticesOfIsolation } from './detect/notices-of-isolation.ts'
import { noticesOfIgnore } from './notices-of-ignore.ts'
import { toAppFacts } from './detect/to-app-facts.ts'
import { findInertOptions } from './inert-options.ts'
import type { OptionName } from './options-table.ts'
import { toConfigError } from './problem.ts'
import { readConfigFile } from './read-config-file.ts'
import { resolveValues, type Resolved } from './resolve-values.ts'
import { toConfig } from './to-config.ts'

export interface ConfigSources {
  /** The app's folder. */
  readonly appDir: string
  /** Another file than `bezel.yml` in the app's folder; then it must be there. */
  readonly configFile: string | null
  /** Text of each flag, by the option's name. */
  readonly flags: ReadonlyMap<OptionName, string>
  /** What stands behind `--`; null: nothing. */
  readonly command: readonly string[] | null
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Far longer than Ruby needs for a database.yml, far shorter than anyone waits for a start. */
const databaseYmlTimeoutMs = 10_000

/**
 * Reads, checks and completes the configuration.
 * @throws BezelError CONFIG_INVALID with every mistake, DATA_UNREADABLE, SERVER_NOT_FOUND
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const { configFile, ...resolved } = loadOptions(sources)
  return complete(resolved, { ...sources, configFile })
}

/**
 * Only what was typed, written and set: without a look at the app.
 * @throws BezelError CONFIG_INVALID with every mistake
 */
export function loadOptions({ appDir, configFile, flags, command, env }: ConfigSources): Resolved & { readonly configFile: string | null } {
  const path = resolve(configFile ?? join(appDir, 'bezel.yml'))
  const read = readConfigFile(path, configFile !== null)
  const resolved = resolveValues({ flags, env, file: read.file })
  const problems = [...read.problems, ...resolved.problems]
  if (problems.length === 0) problems.push(...checkCombinations(resolved.values, resolved.origins, command !== null))
  if (problems.length > 0) throw toConfigError(problems)
  return { ...resolved, configFile: read.file === null ? null : path }
}

async function complete(
  { values, origins, notices }: Resolved,
  { appDir, command, env, configFile }: Pick<ConfigSources, 'appDir' | 'command' | 'env' | 'configFile'>,
): Promise<Config> {
  const stated = command ?? values['workers.command']
  const app = detectApp(appDir, stated !== null)
  const server = chooseServer(app, values['workers.server'], stated)
  const environment = Object.fromEntries(
    Object.entries({ ...env, ...values['workers.env'] }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const facts = toAppFacts(app, environment)
  const behindDashes = command === null ? {} : { 'workers.command': { tag: 'Flag', flag: '--' } as const }
  const { launch, count, port, provenance } = chooseLaunch({ values, origins: { ...origins, ...behindDashes } }, server, facts, env)
  const { routes, notices: databaseNotices } = await findDatabases({
    appDir: app.path,
    env: environment,
    gateway: values['gateway.enabled'],
    overrides: values.databases,
    ruby: values['validation.ruby'] ?? 'ruby',
    timeoutMs: databaseYmlTimeoutMs,
  })
  const isolation =
    values['workers.mode'] === 'isolated' ? [...noticesOfCommand(stated, port), ...noticesOfIsolation(server.server, facts)] : []
  return {
    app: { path: app.path, framework: app.framework, configFile },
    server,
    ...toConfig(values, { app, launch, count, port, databases: routes, env: environment }),
    notices: [...notices, ...noticesOfIgnore(values.ignore), ...findInertOptions(values, origins), ...databaseNotices, ...isolation],
    provenance,
  }
}
