import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startBezel } from '../support/bezel-run.ts'
import { databaseUrlOf } from '../support/database-url.ts'
import { startPostgres } from '../support/postgres.ts'

const examples = resolve(import.meta.dirname, '../../examples')
/** Compiling pg takes half a minute on a busy machine. */
const timeout = 300_000

let copy = ''
afterEach(() => rmSync(copy, { recursive: true, force: true }))

/** Every compiled file of pg in a bundle: the gem's own and the one that RubyGems keeps of the build. */
function compiledFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name === 'pg_ext.so' && entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Makes them what a build under Ruby 2.7 leaves: they ask for its library, and the build's folder carries its ABI. */
function buildForRuby27(app: string): void {
  const files = compiledFiles(join(app, 'vendor'))
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) {
    const needed = execFileSync('patchelf', ['--print-needed', file], { encoding: 'utf8' }).split('\n')
    const libruby = needed.find((name) => name.startsWith('libruby')) ?? ''
    execFileSync('patchelf', ['--replace-needed', libruby, 'libruby-2.7.so.2.7', file])
  }
  const platforms = join(app, 'vendor/bundle/ruby/3.1.0/extensions')
  const [platform = ''] = readdirSync(platforms)
  const [abi = ''] = readdirSync(join(platforms, platform))
  const [pg = ''] = readdirSync(join(platforms, platform, abi)).filter((name) => name.startsWith('pg-'))
  mkdirSync(join(platforms, platform, '2.7.0'))
  renameSync(join(platforms, platform, abi, pg), join(platforms, platform, '2.7.0', pg))
}

test('a pg_ext.so of Ruby 2.7 keeps the port shut with 78, and the command that is told mends it', { timeout }, async () => {
  copy = mkdtempSync('/tmp/bz-wrong-pg-')
  cpSync(examples, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('/vendor') })
  const app = join(copy, 'iodine-pg')
  // Where the bundle itself is a link, a copy of the link would have the real one broken.
  cpSync(realpathSync(join(examples, 'iodine-pg/vendor')), join(app, 'vendor'), { recursive: true, verbatimSymlinks: true })
  buildForRuby27(app)
  await using database = await startPostgres()
  const start = () =>
    startBezel({
      folder: app,
      args: ['--host', '127.0.0.1', '--port', '0', '--workers', '1'],
      env: { DATABASE_URL: databaseUrlOf(database) },
    })

  const remedies: string[] = []
  {
    await using refused = await start()
    expect(await refused.exited).toEqual({ code: 78, signal: null })
    const facts = refused.facts()
    expect(facts.map(({ tag }) => tag)).not.toContain('PortOpened')
    for (const fact of facts) if (fact.tag === 'GemRefused') remedies.push(...fact.remedy)
    const told = facts.flatMap((fact) => (fact.tag === 'GemRefused' && fact.gem === 'pg' ? [fact.explanation] : []))
    expect(told.join('\n')).toMatch(/pg[^]*2\.7/)
    for (const word of ['3.1', '2.7', 'pg']) expect(refused.output()).toContain(word)
  }

  for (const command of new Set(remedies)) execFileSync('sh', ['-c', command], { cwd: app, stdio: 'pipe' })
  await using mended = await start()
  const { url } = await mended.fact('PortOpened')
  const answer = await fetch(new URL('/db', url))
  expect(answer.status).toBe(200)
  await answer.text()
  expect(await mended.stop()).toEqual({ code: 0, signal: null })
})
