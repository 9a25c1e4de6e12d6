import { execFile } from 'node:child_process'

const askTimeoutMs = 10_000

type Env = Readonly<Record<string, string>>

/**
 * The environment as the shell that bezel was started from has it at its next prompt. An activated mise puts the folder of the chosen
 * Ruby itself into PATH, anew at each prompt (its "mise activate" page): what a process got before `mise use` names the Ruby before.
 */
export function renewedEnv(cwd: string, env: Env): Promise<Env> {
  if (env['MISE_SHELL'] === undefined) return Promise.resolve(env)
  return new Promise((resolve) => {
    execFile('mise', ['env', '--json'], { cwd, env, timeout: askTimeoutMs }, (error, stdout) =>
      resolve(error === null ? { ...env, ...readVariables(stdout) } : env),
    )
  })
}

function readVariables(json: string): Env {
  try {
    const said: unknown = JSON.parse(json)
    if (typeof said !== 'object' || said === null) return {}
    return Object.fromEntries(Object.entries(said).filter((each): each is [string, string] => typeof each[1] === 'string'))
  } catch {
    return {}
  }
}
