import { spawn } from 'node:child_process'
import * as z from 'zod'
import { redact } from '../../redact.ts'
import { ownFile } from '../../own-files.ts'

const script = ownFile('ruby/database-config.rb')
const maxAnswerBytes = 1_048_576

const entry = z.object({
  name: z.string(),
  from: z.enum(['yaml', 'yaml-url', 'variable']),
  variable: z.string().nullable(),
  url: z.string().nullable(),
  replica: z.boolean(),
  settings: z.record(z.string(), z.unknown()),
})
const answer = z.union([
  z.object({ environment: z.string(), databases: z.array(entry) }),
  z.object({ error: z.string(), where: z.string() }),
])

/** One database as ActiveRecord would see it: the form is described in ruby/database-config.rb. */
export type RailsDatabase = z.infer<typeof entry>

export type DatabaseYml =
  | { readonly tag: 'Read'; readonly environment: string; readonly databases: readonly RailsDatabase[] }
  | { readonly tag: 'Failed'; readonly why: string }

export interface RubyCall {
  /** Looked up on PATH when it has no slash. */
  readonly ruby: string
  readonly appDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
}

/** Evaluates the app's config/database.yml in a Ruby of its own, in a process group of its own, which is killed at the deadline. */
export async function readDatabaseYml({ ruby, appDir, env, timeoutMs }: RubyCall): Promise<DatabaseYml> {
  // RUBYOPT is how a bundled shell preloads the app's gems.
  const child = spawn(ruby, ['--disable=gems', script, appDir], {
    cwd: appDir,
    env: { ...env, RUBYOPT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const { promise, resolve } = Promise.withResolvers<DatabaseYml>()
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  const end = (result: DatabaseYml) => {
    clearTimeout(timer)
    kill()
    child.stdout.destroy()
    child.stderr.destroy()
    resolve(result)
  }
  const timer = setTimeout(() => end({ tag: 'Failed', why: `evaluating it took longer than ${timeoutMs / 1000} s` }), timeoutMs)
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    if (out.length > maxAnswerBytes) end({ tag: 'Failed', why: 'it names more than a megabyte of databases' })
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err = (err + text).slice(-2_000)
  })
  child.on('error', (error) => end({ tag: 'Failed', why: `Ruby can't be started: ${error.message}` }))
  child.on('close', () => end(readAnswer(out, err)))
  return promise
}

function readAnswer(out: string, err: string): DatabaseYml {
  let parsed: unknown
  try {
    parsed = JSON.parse(out)
  } catch {
    parsed = null
  }
  const { success, data } = answer.safeParse(parsed)
  if (!success) return { tag: 'Failed', why: redact(err.trim().split('\n').at(-1) ?? '') || 'Ruby said nothing' }
  return 'error' in data ? { tag: 'Failed', why: redact(data.error) } : { tag: 'Read', ...data }
}
