import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanEnv } from '../../../test/fixtures/tiny-gem/tiny-app.ts'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { DiskTree } from '../files/disk-tree.ts'
import { readBundleSettings } from './app-bundle.ts'
import { findUnlockedGems } from './find-gems.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-resolve-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What Bundler itself puts on the load path of each case, by full name; null where it refuses to. Written by RubyGems, read by Bundler. */
const asked = `
require 'json'
require 'fileutils'
require 'bundler'
cases = JSON.parse($stdin.read)
puts JSON.generate(cases.map { |app, gems|
  reader, writer = IO.pipe
  pid = fork do
    home = File.join(app, 'home')
    gems.each do |name, version, needs|
      spec = Gem::Specification.new(name, version) do |s|
        s.summary = s.author = 'made'
        needs.each { |other, *parts| s.add_runtime_dependency(other, *parts) }
      end
      FileUtils.mkdir_p([File.join(home, 'specifications'), File.join(home, 'gems', spec.full_name, 'lib')])
      File.write(File.join(home, 'specifications', "#{spec.full_name}.gemspec"), spec.to_ruby_for_cache)
    end
    Gem.use_paths(home, [home])
    Dir.chdir(app)
    Bundler.ui = Bundler::UI::Silent.new
    found = begin
      Bundler::Definition.build(Pathname.new("#{app}/Gemfile"), Pathname.new("#{app}/Gemfile.lock"), nil).specs.map(&:full_name)
    rescue StandardError
      nil
    end
    writer.write(JSON.generate([found]))
    exit!(0)
  end
  writer.close
  answer = reader.read
  Process.wait(pid)
  JSON.parse(answer)[0]
})
`

const names = ['made_a', 'made_b', 'made_c', 'made_d', 'made_e'] as const
const versions = ['0.9.0', '1.0.0', '1.2.0', '1.10.0', '2.0.0', '2.1.0.rc1'] as const
const part = fc.constantFrom('>= 0', '>= 1.0', '~> 1.0', '~> 1.2.0', '< 2', '!= 1.10.0', '= 1.0.0', '>= 2.0.0.rc1')
/** Gems seldom ask for one version of another. */
const mild = fc.oneof({ arbitrary: fc.constantFrom('>= 0', '>= 0.9', '>= 1.0', '< 2'), weight: 4 }, { arbitrary: part, weight: 1 })
/** A gem needs those behind it: RubyGems knows no circles worth the name. */
const gem = fc
  .tuple(fc.nat(names.length - 1), fc.constantFrom(...versions))
  .chain(([index, version]) =>
    fc.tuple(
      fc.constant(names[index] ?? ''),
      fc.constant(version),
      index === names.length - 1 ? fc.constant([]) : fc.array(fc.tuple(fc.constantFrom(...names.slice(index + 1)), mild), { maxLength: 2 }),
    ),
  )
const line = fc.tuple(fc.constantFrom(...names), fc.option(part, { nil: null }), fc.constantFrom('', ', require: false', ', group: :test'))
const drawn = fc.record({
  gems: fc.uniqueArray(gem, { minLength: 12, maxLength: 24, selector: ([name, version]) => `${name} ${version}` }),
  lines: fc.uniqueArray(line, { minLength: 1, maxLength: 3, selector: ([name]) => name }),
})

/** Bundler takes a tenth of a second for each. */
test('what a Gemfile without a lock comes to is what Bundler loads', { timeout: 120_000 }, async () => {
  const cases = fc.sample(drawn, { numRuns: 60, seed: 11 }).map(({ gems, lines }, index) => {
    const app = join(folder, String(index))
    const gemfile = join(app, 'Gemfile')
    mkdirSync(dirname(gemfile), { recursive: true })
    const text = lines.map(([name, asks, options]) => `gem '${name}'${asks === null ? '' : `, '${asks}'`}${options}\n`).join('')
    writeFileSync(gemfile, `source 'https://rubygems.org'\n\n${text}`)
    return { app, text, gems }
  })
  const answers = JSON.parse(
    execFileSync('ruby', ['-e', asked], {
      env: cleanEnv(folder),
      input: JSON.stringify(cases.map(({ app, gems }) => [app, gems])),
      encoding: 'utf8',
    }),
  ) as (readonly string[] | null)[]
  let compared = 0
  for (const [index, { app, text, gems }] of cases.entries()) {
    const theirs = answers[index]?.filter((fullName) => fullName.startsWith('made_')).sort()
    const tree = new DiskTree(null)
    const settings = readBundleSettings(tree, app, { PATH: '/usr/bin' })
    const { scope, gems: found } = await findUnlockedGems(tree, settings, madeRuntime([join(app, 'home')]))
    if (theirs === undefined || scope !== 'gemfile') continue
    compared += 1
    expect({ text, gems, found: found.map(({ fullName }) => fullName).sort() }).toEqual({ text, gems, found: theirs })
  }
  expect(compared).toBeGreaterThan(25)
})
