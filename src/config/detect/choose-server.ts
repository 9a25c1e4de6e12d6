import { BezelError } from '../../errors.ts'
import type { ServerName } from '../../workers/servers/server-rules.ts'
import type { AppFolder } from './detect-app.ts'

/** What starts the app. */
export type ServerChoice =
  | { readonly tag: 'Known'; readonly server: ServerName; readonly version: string | null; readonly from: string }
  | { readonly tag: 'Command'; readonly command: readonly string[]; readonly server: ServerName | null; readonly from: string }

/** Puma stands in every Gemfile that Rails generates: a server beside it was added on purpose. */
const byPreference: readonly ServerName[] = ['iodine', 'falcon', 'pitchfork', 'unicorn', 'puma']

/**
 * Decides which server holds the app: the command that was given, the server that was named, or the one in the lock.
 * @throws BezelError SERVER_NOT_FOUND
 */
export function chooseServer(app: AppFolder, asked: ServerName | 'auto' | 'command', command: readonly string[] | null): ServerChoice {
  const named = asked === 'auto' || asked === 'command' ? null : asked
  if (command !== null) return { tag: 'Command', command, server: named, from: 'a command was given' }
  const lock = app.lock
  const versionOf = (server: ServerName): string | null => lock?.gems.get(server)?.version ?? null
  if (named !== null) return { tag: 'Known', server: named, version: versionOf(named), from: 'it was named' }

  const locked = byPreference.filter((server) => lock?.gems.has(server))
  const direct = locked.filter((server) => lock?.dependencies.has(server))
  const server = direct[0] ?? locked[0]
  if (server !== undefined) {
    const others = (direct.length > 0 ? direct : locked).filter((other) => other !== server)
    const beside = others.length > 0 ? `, before ${others.join(', ')}` : ''
    return { tag: 'Known', server, version: versionOf(server), from: `Gemfile.lock names ${server} ${versionOf(server)}${beside}` }
  }
  const why = lock === null ? 'there is no Gemfile.lock' : `its Gemfile.lock names none of ${byPreference.join(', ')}`
  throw new BezelError('SERVER_NOT_FOUND', `which server runs the app in ${app.path} is not known: ${why}`, {
    remedy: [
      lock === null ? 'bundle lock' : 'bundle add puma',
      'or name the server: bezel run --server puma',
      'or give the command that starts one worker, which listens on {socket} or on $PORT: bezel run -- bundle exec rackup -p $PORT',
    ],
  })
}
