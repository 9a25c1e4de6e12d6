import { realpathSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { BezelError } from '../errors.ts'
import { quoteWord } from '../formats/shell-words/quote-word.ts'
import { findRuntimeDirectory } from '../system/find-runtime-directory.ts'
import { findForeignBezel } from '../system/running-bezels.ts'

const answerTimeoutMs = 5_000
const maxAnswerBytes = 16 * 1024 * 1024

/**
 * Asks the keeper of the app in `appDir` through its admin socket; answers its JSON.
 * @throws BezelError NOT_RUNNING, DATA_UNREADABLE
 */
export async function askKeeper(appDir: string, path: string): Promise<unknown> {
  const folder = findRuntimeDirectory(realPath(appDir))
  if (folder === null) throw notSeen(appDir)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const asking = request({ socketPath: join(folder, 'admin.sock'), path, timeout: answerTimeoutMs }, (answer) => {
    let body = ''
    answer.setEncoding('utf8')
    answer.on('data', (text: string) => {
      body += text
      if (body.length > maxAnswerBytes) answer.destroy(new Error('the answer is too long'))
    })
    answer.on('end', () => {
      if (answer.statusCode === 200) resolve(body)
      else reject(new BezelError('DATA_UNREADABLE', `the running bezel answered ${path} with ${answer.statusCode}`))
    })
    answer.on('error', reject)
  })
  asking.on('timeout', () => asking.destroy(new Error(`no answer within ${answerTimeoutMs / 1_000} s`)))
  asking.on('error', (cause: NodeJS.ErrnoException) => reject(notRunning(appDir, cause)))
  asking.end()
  const body = await promise
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new BezelError('DATA_UNREADABLE', `the running bezel answered ${path} with something that is not JSON`, { cause })
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (cause) {
    throw new BezelError('CONFIG_INVALID', `there is no folder ${path}`, { cause })
  }
}

/** Nobody's bezel, as far as this user may look. */
function notSeen(appDir: string): BezelError {
  const app = realPath(appDir)
  const foreign = findForeignBezel(app)
  if (foreign === null) return notRunning(appDir)
  const { pid, user, isOfApp } = foreign
  return new BezelError(
    'NOT_RUNNING',
    isOfApp
      ? `the bezel of ${app} is run by user ${user} (pid ${pid}), and is to be asked by that user`
      : `no bezel of yours holds up ${app}; user ${user} runs one (pid ${pid}), and what it holds up is not readable for you`,
    { remedy: [`sudo -u ${user} bezel status --app ${quoteWord(app)}`] },
  )
}

function notRunning(appDir: string, cause?: NodeJS.ErrnoException): BezelError {
  const gone = cause === undefined || cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED'
  return new BezelError(
    'NOT_RUNNING',
    gone ? `no bezel holds up ${realPath(appDir)}` : `the bezel of ${realPath(appDir)} can't be asked: ${cause.message}`,
    {
      remedy: gone ? ['bezel run', 'or name the folder of the app: bezel status --app DIR'] : [],
      cause,
    },
  )
}
