import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect } from 'vitest'
import { meetsRequirement } from '../../src/recovery/blame/gem-version.ts'
import { criticalGems } from '../../src/validation/compatibility/critical-gems.ts'
import { fitsPlatform } from '../../src/validation/gems/platform.ts'
import { cleanEnv } from '../fixtures/tiny-gem/tiny-app.ts'
import { canMakeRubies, rubies, slimRoot, type SlimRoot } from '../fixtures/rubies/slim-root.ts'
import { modelProperty, realProperty } from './cases.ts'
import { inspectModel, machine, runtimeOf, type ModelMachine } from './model-bundle.ts'

const project = resolve(import.meta.dirname, '../..')
/** The specification's three, and the others that the table holds. */
const named = ['pg', 'iodine', 'bcrypt'] as const
const { gems: table } = criticalGems()

interface KnownBad {
  readonly gem: string | null
  readonly versions: readonly string[]
  readonly ruby: readonly string[] | null
  readonly platform: string | null
}
const { combinations } = JSON.parse(readFileSync(join(project, 'data/compatibility/known-bad.json'), 'utf8')) as {
  readonly combinations: readonly KnownBad[]
}

/** One published build. */
interface Build {
  readonly name: string
  readonly version: string
  readonly platform: string
  readonly ruby: readonly string[]
}

const build: fc.Arbitrary<Build> = fc
  .oneof({ weight: 2, arbitrary: fc.constantFrom<string>(...named) }, { weight: 1, arbitrary: fc.constantFrom(...Object.keys(table)) })
  .chain((name) => fc.constantFrom(...buildsOf(name)))

function buildsOf(name: string): Build[] {
  return Object.entries(table[name] ?? {}).flatMap(([version, builds]) =>
    Object.entries(builds).map(([platform, ruby]) => ({ name, version, platform, ruby })),
  )
}

/** A build, and a machine that Bundler would install it on. */
const pair = fc
  .tuple(build, machine)
  .map(([each, runs]): [Build, ModelMachine] =>
    each.platform === 'ruby' || fitsPlatform(each.platform, runtimeOf(runs).platform)
      ? [each, runs]
      : [buildsOf(each.name).find(({ version, platform }) => version === each.version && platform === 'ruby') ?? each, runs],
  )
  .filter(([{ platform }, runs]) => platform === 'ruby' || fitsPlatform(platform, runtimeOf(runs).platform))

modelProperty(25, pair, async ([{ name, version, platform, ruby }, runs]) => {
  const gems = [{ name, version, platform, origin: 'gem' as const, ailment: 'none' as const, cached: true }]
  const { report } = await inspectModel({ path: '/srv/app', bundled: true, compiles: true, runs, built: runs, env: {}, gems })
  const codes = report.findings.filter(({ gem }) => gem === name).map(({ code }) => code)
  const { version: running, arch } = runtimeOf(runs)
  const bad = combinations.some(
    (each) =>
      each.gem === name &&
      meetsRequirement(version, each.versions.join(',')) &&
      (each.ruby === null || meetsRequirement(running, each.ruby.join(','))) &&
      // What is said of precompiled files on musl doesn't hold for a gem that was compiled there.
      (each.platform === null || (arch.includes(each.platform) && platform !== 'ruby')),
  )
  const unmet = ruby.length > 0 && !meetsRequirement(running, ruby.join(','))
  expect({ running, unmet: codes.includes('REQUIRED_RUBY_UNMET'), bad: codes.includes('KNOWN_BAD_VERSION') }).toEqual({
    running,
    unmet,
    bad,
  })
})

interface Place {
  /** Where the app's folder stands on this machine. */
  readonly folder: string
  /** What `bezel doctor` is asked. */
  readonly asked: readonly string[]
  readonly running: string
  readonly abi: string
}

const folder = mkdtempSync(join(tmpdir(), 'bezel-critical-'))
const roots: SlimRoot[] = []
const places: Place[] = []
/** Every newest version in the registry; null: it can't be reached. */
let newest: Readonly<Record<string, string>> | null = null

beforeAll(async () => {
  const asked = promisify(execFile)('ruby', [join(project, 'data/compatibility/make-gems.rb'), '--newest'], { timeout: 60_000 })
  const running = 'print RUBY_VERSION, " ", RbConfig::CONFIG["ruby_version"]'
  const add = (app: string, question: readonly string[], told: string) => {
    const [version = '', abi = ''] = told.split(' ')
    places.push({ folder: app, asked: question, running: version, abi })
  }
  add(join(folder, 'app'), [join(folder, 'app')], execFileSync('ruby', ['-e', running], { encoding: 'utf8' }))
  for (const minor of canMakeRubies() ? (['2.7', '3.3'] as const) : []) {
    const root = slimRoot(rubies(), minor)
    roots.push(root)
    add(
      join(root.path, 'app'),
      ['--root', root.path, '/app'],
      execFileSync('chroot', [root.path, 'ruby', '-e', running], { encoding: 'utf8' }),
    )
  }
  newest = await asked.then(
    ({ stdout }) => JSON.parse(stdout) as Readonly<Record<string, string>>,
    () => null,
  )
  if (newest === null) process.stderr.write(`the gem registry can not be reached: the table is taken as of ${criticalGems().made}\n`)
}, 600_000)

afterAll(() => {
  for (const path of [folder, ...roots.map((root) => root.path)]) rmSync(path, { recursive: true, force: true })
})

/** RubyGems itself writes the gem's specification, and judges by the table's requirements. */
const rubygems = `
require 'json'
given = JSON.parse($stdin.read, symbolize_names: true)
spec = Gem::Specification.new(given[:name], given[:version]) { |it| it.summary = it.name; it.authors = ['bezel'] }
File.write(given[:path], spec.to_ruby)
meets = ->(version, parts) { Gem::Requirement.new(*parts).satisfied_by?(Gem::Version.new(version)) }
bad = given[:known].any? do |each|
  meets.(given[:version], each[:versions]) && (each[:ruby].nil? || meets.(given[:running], each[:ruby]))
end
print JSON.generate(unmet: !meets.(given[:running], given[:ruby]), bad: bad)
`

/** An app whose one gem is of that version; answers what RubyGems says about it. */
function writeApp({ folder: app, abi, running }: Place, { name, version, ruby }: Build): unknown {
  rmSync(app, { recursive: true, force: true })
  const home = join(app, 'vendor/bundle/ruby', abi)
  for (const path of [
    '.bundle',
    join('vendor/bundle/ruby', abi, 'specifications'),
    join('vendor/bundle/ruby', abi, 'gems', `${name}-${version}`),
  ])
    mkdirSync(join(app, path), { recursive: true })
  writeFileSync(join(app, '.bundle/config'), '---\nBUNDLE_PATH: "vendor/bundle"\n')
  writeFileSync(
    join(app, 'Gemfile.lock'),
    `GEM\n  remote: https://rubygems.org/\n  specs:\n    ${name} (${version})\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  ${name}\n`,
  )
  const path = join(home, 'specifications', `${name}-${version}.gemspec`)
  const known = combinations.filter(({ gem, platform }) => gem === name && platform === null)
  const input = JSON.stringify({ name, version, path, running, ruby, known })
  return JSON.parse(execFileSync('ruby', ['-e', rubygems], { input, encoding: 'utf8' }))
}

async function doctor(asked: readonly string[], gem: string): Promise<readonly string[]> {
  const words = ['doctor', '--format', 'json', '--no-probe', ...asked]
  const env = cleanEnv(folder)
  // Its exit code is the verdict.
  const stdout = await promisify(execFile)(join(project, 'bin/bezel'), words, { env }).then(
    (ended) => ended.stdout,
    (error: unknown) => (error instanceof Error && 'stdout' in error ? String(error.stdout) : ''),
  )
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly { readonly code: string; readonly gem: string | null }[] }
  return findings.filter((each) => each.gem === gem).map(({ code }) => code)
}

const fromSource = (each: Build) => each.platform === 'ruby'
/** Most builds ask for nothing that a Ruby of today lacks. */
const demanding = Object.keys(table)
  .flatMap(buildsOf)
  .filter((each) => fromSource(each) && each.ruby.length > 0 && !meetsRequirement('2.7.4', each.ruby.join(',')))

realProperty(
  25,
  fc.record({ build: fc.oneof(build.filter(fromSource), fc.constantFrom(...demanding)), at: fc.nat(2) }),
  async ({ build: drawn, at }) => {
    expect(Object.entries(newest ?? {}).filter(([name, version]) => table[name]?.[version] === undefined)).toEqual([])
    const place = places[at % places.length]
    if (place === undefined) throw new Error('no Ruby')
    const truth = writeApp(place, drawn)
    const codes = await doctor(place.asked, drawn.name)
    expect({ unmet: codes.includes('REQUIRED_RUBY_UNMET'), bad: codes.includes('KNOWN_BAD_VERSION') }).toEqual(truth)
  },
  300_000,
)
