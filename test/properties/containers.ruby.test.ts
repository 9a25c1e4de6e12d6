import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect } from 'vitest'
import { readDockerfile } from '../../src/formats/dockerfile/read-dockerfile.ts'
import { lintDockerfile } from '../../src/validation/containers/lint-dockerfile.ts'
import type { ValidationReport } from '../../src/validation/validation-report.ts'
import { bezelInside } from '../fixtures/rubies/container.ts'
import { placeGem, rubies, slimRoot, suites, type Minor, type SlimRoot } from '../fixtures/rubies/slim-root.ts'
import { modelProperty, realProperty } from './cases.ts'
import { inspectModel, machine, runtimeOf, type ModelMachine } from './model-bundle.ts'

const variables = ['GEM_HOME', 'GEM_PATH', 'BUNDLE_PATH'] as const
const minor = fc.constantFrom('2.7', '3.1', '3.3', '4.0')

/** A container: its Ruby, where its bundle was made, and what its image says about Ruby in the environment. */
const container = fc
  .record({
    runs: machine,
    other: fc.option(machine, { freq: 1 }),
    image: fc.option(minor),
    folders: fc.dictionary(fc.constantFrom(...variables), minor, { maxKeys: 3 }),
  })
  .map(({ other, ...rest }) => ({ ...rest, built: other ?? rest.runs }))

modelProperty(26, container, async ({ runs, built, image, folders }) => {
  const named = Object.entries(folders).map(([name, each]): [string, string] => [name, `/usr/local/bundle/ruby/${each}.0`])
  const env = Object.fromEntries([
    ...named,
    ...(image === null ? [] : [['RUBY_VERSION', runtimeOf({ ...runs, minor: image }).version] as const]),
  ])
  const gems = [{ name: 'tiny', version: '1.0.0', origin: 'gem' as const, platform: 'ruby', ailment: 'none' as const, cached: true }]
  const { report } = await inspectModel({ path: '/app', bundled: true, compiles: false, runs, built, env, gems })
  const same = runs.minor === built.minor && runs.libc === built.libc && runs.cpu === built.cpu
  const told = report.findings.filter(({ code }) => code === 'ENVIRONMENT_DIFFERS').map(({ evidence }) => evidence[0]?.what.split('=')[0])
  const wrong = [
    ...Object.entries(folders).flatMap(([name, each]) => (each === runs.minor ? [] : [name])),
    ...(image === null || image === runs.minor ? [] : ['RUBY_VERSION']),
  ]
  expect({ verdict: report.verdict, told: new Set(told) }).toEqual({ verdict: same ? 'compatible' : 'incompatible', told: new Set(wrong) })
  if (!same) expect(report.findings.find(({ severity, gem }) => severity === 'error' && gem === 'tiny')?.evidence).not.toEqual([])
})

/** Images by their official names (hub.docker.com/_/ruby). */
function imageOf({ minor: version, libc }: ModelMachine, slim: boolean): string {
  return `ruby:${version}${libc === 'musl' ? '-alpine' : slim ? '-slim-bookworm' : '-bookworm'}`
}

function dockerfile(built: string, runs: string, platforms: readonly [string, string] = ['', '']): string {
  return `FROM ${platforms[0]}${built} AS build\nWORKDIR /app\nRUN bundle install\nFROM ${platforms[1]}${runs}\nCOPY --from=build /app/vendor/bundle /app/vendor/bundle\n`
}

const stages = fc.record({ built: machine, runs: machine, slim: fc.boolean(), alike: fc.boolean() })

modelProperty(26, stages, ({ built: drawn, runs, slim, alike }) => {
  const built = alike ? runs : drawn
  const platformOf = ({ cpu }: ModelMachine) => `--platform=linux/${cpu === 'x86_64' ? 'amd64' : 'arm64'} `
  const file = readDockerfile(dockerfile(imageOf(built, false), imageOf(runs, slim), [platformOf(built), platformOf(runs)]))
  if (file.tag === 'Malformed') throw new Error(file.why)
  const codes = lintDockerfile(file, 'Dockerfile', { hasHostBundle: false, ignoresHostBundle: false, ignoreFile: '.dockerignore' }).map(
    ({ code }) => code,
  )
  const wrong = [
    ...(built.minor === runs.minor ? [] : ['STAGES_RUBY_DIFFERS']),
    ...(built.libc === runs.libc ? [] : ['STAGES_LIBC_DIFFERS']),
    ...(built.cpu === runs.cpu ? [] : ['STAGES_PLATFORM_DIFFERS']),
  ]
  // The weightiest difference is told; the others go with it.
  expect(codes).toEqual(wrong.slice(0, 1))
})

const minors = Object.keys(suites) as Minor[]
let folder = ''
const roots = new Map<Minor, SlimRoot>()
const versions = new Map<Minor, string>()
beforeAll(() => {
  folder = rubies()
  for (const each of minors) {
    const root = slimRoot(folder, each)
    roots.set(each, root)
    versions.set(each, execFileSync('chroot', [root.path, 'ruby', '-e', 'print RUBY_VERSION'], { encoding: 'utf8' }))
  }
}, 600_000)
afterAll(() => {
  for (const root of roots.values()) root.remove()
})

/** Another interpreter further down the PATH, as a base image's beside the one of apt. */
function placeSecond(root: SlimRoot, second: Minor | null): void {
  const prefix = join(root.path, 'opt/second')
  rmSync(prefix, { recursive: true, force: true })
  if (second === null) return
  const { suite, abi } = suites[second]
  cpSync(join(folder, suite, `usr/bin/ruby${second}`), join(prefix, 'bin/ruby'))
  cpSync(
    join(folder, suite, 'usr/lib/x86_64-linux-gnu/ruby', abi, 'rbconfig.rb'),
    join(prefix, 'lib/ruby', abi, 'x86_64-linux-gnu/rbconfig.rb'),
  )
}

async function reportOf(
  root: SlimRoot,
  env: Readonly<Record<string, string>>,
  what: string,
): Promise<Pick<ValidationReport, 'verdict' | 'findings'>> {
  const { stdout, stderr } = await bezelInside(root, env, ['doctor', '--format', 'json', what])
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Pick<ValidationReport, 'verdict' | 'findings'>
}

realProperty(
  26,
  fc.record({
    runs: fc.constantFrom(...minors),
    built: fc.constantFrom(...minors),
    gem: fc.constantFrom('pg' as const, 'bcrypt' as const),
    /** The builder's bundle as it was, or its files in the folder of this Ruby. */
    moved: fc.boolean(),
    image: fc.option(fc.constantFrom(...minors)),
    gemHome: fc.option(fc.constantFrom(...minors)),
    second: fc.option(fc.constantFrom(...minors)),
  }),
  async ({ runs, built, gem, moved, image, gemHome, second }) => {
    const root = roots.get(runs)
    if (root === undefined) throw new Error(`no root of Ruby ${runs}`)
    placeGem(folder, root, moved ? runs : built, {
      gem,
      builtFor: built,
      linksLibruby: true,
      debugInfo: true,
      folderOf: moved ? runs : built,
    })
    placeSecond(root, second)
    const env = {
      ...(image === null ? {} : { RUBY_VERSION: versions.get(image) ?? '' }),
      ...(gemHome === null ? {} : { GEM_HOME: `/usr/local/bundle/ruby/${suites[gemHome].abi}` }),
      PATH: '/usr/local/bin:/usr/bin:/bin:/opt/second/bin',
    }
    const report = await reportOf(root, env, '/app')
    const told = report.findings.flatMap(({ code, evidence }) => (code === 'ENVIRONMENT_DIFFERS' ? [evidence[0]?.what] : []))
    const wrong = [
      ...(gemHome === null || gemHome === runs ? [] : [`GEM_HOME=${env.GEM_HOME}`]),
      ...(image === null || image === runs ? [] : [`RUBY_VERSION=${versions.get(image)}`]),
    ]
    expect({ verdict: report.verdict, told, several: report.findings.some(({ code }) => code === 'SEVERAL_RUBIES') }).toEqual({
      verdict: built === runs ? 'compatible' : 'incompatible',
      told: wrong,
      several: second !== null,
    })
    // The file that would have made this container is refused before it is built.
    writeFileSync(join(root.path, 'app/Dockerfile'), dockerfile(`ruby:${built}`, `ruby:${runs}-slim`))
    expect((await reportOf(root, {}, '/app/Dockerfile')).verdict).toBe(built === runs ? 'compatible' : 'incompatible')
  },
  600_000,
)
