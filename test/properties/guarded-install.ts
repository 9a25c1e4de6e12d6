import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { packGem, writeFlawedGem, type Flaw } from '../fixtures/tiny-gem/flawed-gem.ts'
import { cleanEnv } from '../fixtures/tiny-gem/tiny-app.ts'

const bezel = resolve(import.meta.dirname, '../../bin/bezel')

export interface Install {
  readonly flaw: Flaw
  readonly by: 'gem' | 'bundler' | 'bundler-git'
  /** `bezel guard -- COMMAND`, or the plain command after `bezel guard install`. */
  readonly guard: 'command' | 'installed'
}

export interface Installed {
  readonly succeeded: boolean
  readonly said: string
  /** What the gem's method answers when Ruby requires it; null when it can't be required. */
  readonly answer: string | null
  /** Compiled files on a load path of the place. */
  readonly loadable: readonly string[]
}

/** Gems with each flaw, made once, to be installed into folders of their own. */
export class GuardedInstalls {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bezel-flawed-'))
  readonly #compiled: string
  readonly #made = new Map<Flaw, { readonly sources: string; readonly packed: string }>()

  /** `compiled` is a sound `tiny_ext.so`. */
  constructor(compiled: string) {
    this.#compiled = compiled
  }

  async install({ flaw, by, guard }: Install): Promise<Installed> {
    const place = mkdtempSync(join(this.#folder, 'place '))
    const env = { ...cleanEnv(place), ...(by === 'gem' ? { GEM_HOME: join(place, 'home') } : {}) }
    const run = (words: readonly string[]) => tryCommand(words, place, env)
    const command = by === 'gem' ? this.#gemCommand(flaw) : this.#bundleCommand(place, flaw, by)
    if (guard === 'installed') await run([bezel, 'guard', 'install', '--scope', by === 'gem' ? 'user' : 'project'])
    const { succeeded, said } = await run(guard === 'command' ? [bezel, 'guard', '--', ...command] : command)
    const script = 'require "tiny_ext"; print TinyExt.answer'
    const required = await run([...(by === 'gem' ? [] : ['bundle', 'exec']), 'ruby', '-e', script])
    const loadable = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((path) => /\/(?:lib|extensions)\/.*\.so$/.test(path))
    rmSync(place, { recursive: true, force: true })
    return { succeeded, said, answer: required.succeeded ? required.said : null, loadable }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #gemCommand(flaw: Flaw): string[] {
    return ['gem', 'install', '--local', '--no-document', this.#gem(flaw).packed]
  }

  #bundleCommand(place: string, flaw: Flaw, by: 'bundler' | 'bundler-git'): string[] {
    const { sources, packed } = this.#gem(flaw)
    mkdirSync(join(place, '.bundle'))
    writeFileSync(join(place, '.bundle/config'), '---\nBUNDLE_PATH: "vendor/bundle"\n')
    writeFileSync(join(place, 'Gemfile'), `source "https://rubygems.org"\ngem "tiny_ext"${by === 'bundler' ? '' : `, git: "${sources}"`}\n`)
    if (by === 'bundler-git') return ['bundle', 'install', '--local']
    mkdirSync(join(place, 'vendor/cache'), { recursive: true })
    execFileSync('cp', [packed, join(place, 'vendor/cache', basename(packed))])
    return ['bundle', 'install', '--local']
  }

  #gem(flaw: Flaw): { readonly sources: string; readonly packed: string } {
    const known = this.#made.get(flaw)
    if (known !== undefined) return known
    const sources = join(this.#folder, `gem-${this.#made.size}`)
    writeFlawedGem(sources, flaw, this.#compiled)
    if (!existsSync(join(sources, '.git'))) commitAll(sources)
    const made = { sources, packed: packGem(sources) }
    this.#made.set(flaw, made)
    return made
  }
}

function commitAll(folder: string): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'ignore' })
  git('init', '-q')
  git('add', '.')
  git('-c', 'user.name=t', '-c', 'user.email=t@example.test', 'commit', '-qm', 'tiny')
}

async function tryCommand(
  [file = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly succeeded: boolean; readonly said: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, { cwd, env })
    return { succeeded: true, said: stdout + stderr }
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error && 'stdout' in error ? `${String(error.stdout)}${String(error.stderr)}` : ''
    return { succeeded: false, said }
  }
}
