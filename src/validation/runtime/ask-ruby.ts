import { execFile, type ExecFileException } from 'node:child_process'
import { toRuntime, type Runtime } from './runtime.ts'
import { ownFile } from '../../own-files.ts'

const script = ownFile('ruby/describe-runtime.rb')
/** RUBYOPT and RUBYLIB may load the application's code, GEM_* and BUNDLE_* of an outer `bundle exec` hide gems. */
const withheld = ['RUBYOPT', 'RUBYLIB']
const maxOutputBytes = 256 * 1024

export type RubyAnswer =
  | { readonly tag: 'Runtime'; readonly runtime: Runtime }
  /** No such program. */
  | { readonly tag: 'Absent' }
  /** It is there and doesn't start, or isn't CRuby. */
  | { readonly tag: 'Broken'; readonly why: string }

/** How an interpreter of this machine is run: in the app's folder, so that a version manager's shim picks as it does for the app. */
export interface RubyCall {
  readonly ruby: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** What an interpreter says of itself; it loads next to nothing for that. */
export async function askRuby(call: RubyCall): Promise<RubyAnswer> {
  const { error, stdout, stderr } = await run(call, ['--disable=gems', script])
  if (error === null) return toAnswer(stdout)
  return error.code === 'ENOENT' ? { tag: 'Absent' } : { tag: 'Broken', why: told(stderr, error) }
}

/** Why an interpreter does not start with all that it loads on its own, as it does for the app; null when it does. */
export async function whyNotStarted(call: RubyCall): Promise<string | null> {
  const { error, stderr } = await run(call, ['-e', ''])
  return error === null ? null : told(stderr, error)
}

interface Ran {
  readonly error: ExecFileException | null
  readonly stdout: string
  readonly stderr: string
}

function run({ ruby, cwd, env, timeoutMs }: RubyCall, args: readonly string[]): Promise<Ran> {
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => !withheld.includes(name)))
  const options = { cwd, env: clean, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes } as const
  return new Promise((resolve) => {
    execFile(ruby, args, options, (error, stdout, stderr) => resolve({ error, stdout, stderr }))
  })
}

function toAnswer(stdout: string): RubyAnswer {
  try {
    const said: unknown = JSON.parse(stdout)
    if (!isDescription(said)) return { tag: 'Broken', why: `it printed ${JSON.stringify(stdout.slice(0, 80))}` }
    if (said.engine !== 'ruby') return { tag: 'Broken', why: `it is ${said.engine}; bezel judges extensions of CRuby` }
    return { tag: 'Runtime', runtime: toRuntime(new Map(Object.entries(said.config)), said.ruby, said.gemFolders) }
  } catch {
    return { tag: 'Broken', why: `it printed ${JSON.stringify(stdout.slice(0, 80))}` }
  }
}

interface Description {
  readonly ruby: string
  readonly engine: string
  readonly config: Readonly<Record<string, string>>
  readonly gemFolders: readonly string[]
}

function isDescription(said: unknown): said is Description {
  return (
    typeof said === 'object' &&
    said !== null &&
    'config' in said &&
    'engine' in said &&
    'ruby' in said &&
    'gemFolders' in said &&
    Array.isArray(said.gemFolders)
  )
}

function told(stderr: string, error: Error): string {
  const line = stderr.split('\n').find((each) => each.trim() !== '')
  return (line ?? error.message).slice(0, 300)
}
