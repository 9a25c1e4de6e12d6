import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { BezelError } from '../errors.ts'
import { findProgram } from '../system/find-program.ts'
import { checkSocketPath } from '../system/runtime-directory.ts'
import type { WorkersSettings } from './options.ts'

/** What each start uses: setpriv of util-linux, mkfifo of coreutils, a POSIX shell. */
const tools = { setpriv: 'util-linux', mkfifo: 'coreutils', sh: 'dash' }

/**
 * Finds what would fail every start, before anything is started.
 * @throws BezelError TOOL_NOT_FOUND · SERVER_NOT_FOUND · SOCKET_PATH_TOO_LONG
 */
export function checkLaunch(settings: WorkersSettings): void {
  for (const [tool, aptPackage] of Object.entries(tools))
    if (findProgram(tool, process.env['PATH'], '/') === null)
      throw new BezelError('TOOL_NOT_FOUND', `${tool} is not on PATH, and every worker is started with it`, {
        remedy: [`apt-get install ${aptPackage}`],
      })
  // BusyBox has a setpriv without this option.
  if (spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true'], { stdio: 'ignore', timeout: 10_000 }).status !== 0)
    throw new BezelError('TOOL_NOT_FOUND', 'setpriv does not know --pdeathsig: workers would outlive bezel', {
      remedy: ['apt-get install util-linux', 'or, on Alpine: apk add setpriv'],
    })
  const path = settings.environment['PATH'] ?? settings.launch.environment['PATH'] ?? process.env['PATH']
  const [program = ''] = settings.launch.command
  if (findProgram(program, path, settings.cwd) === null)
    throw new BezelError(
      'SERVER_NOT_FOUND',
      `the worker's command begins with ${JSON.stringify(program)}, which is not a program on PATH`,
      {
        remedy: program === 'bundle' ? ['gem install bundler'] : [`look for it: command -v ${program}`],
      },
    )
  if (settings.launch.listens.tag === 'Socket') checkSocketPath(join(settings.runtimeDir, `w${settings.count}-9999999.sock`))
}
