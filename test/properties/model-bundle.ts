import { posix } from 'node:path'
import fc from 'fast-check'
import { inspectBundle } from '../../src/validation/inspect-bundle.ts'
import { rootInside, toPlace } from '../../src/validation/remedies/place.ts'
import { toRuntime, type Runtime } from '../../src/validation/runtime/runtime.ts'
import { toFindings } from '../../src/validation/to-findings.ts'
import { toReport } from '../../src/validation/to-report.ts'
import type { ValidationReport } from '../../src/validation/validation-report.ts'
import { makeElf } from '../support/make-elf.ts'
import { memoryTree, type MemoryFiles } from '../support/memory-tree.ts'

/** What an extension depends on of the machine that built it, and of the one that runs it. */
export interface ModelMachine {
  readonly minor: string
  readonly libc: 'glibc' | 'musl'
  readonly cpu: 'x86_64' | 'aarch64'
}

export const machine: fc.Arbitrary<ModelMachine> = fc.record({
  minor: fc.constantFrom('2.7', '3.1', '3.3', '4.0'),
  libc: fc.constantFrom('glibc', 'musl'),
  cpu: fc.constantFrom('x86_64', 'aarch64'),
})

export const ailments = ['none', 'other-ruby', 'not-built', 'gone', 'pointer', 'precompiled-for-others'] as const
export type Ailment = (typeof ailments)[number]

export interface ModelGem {
  readonly name: string
  readonly version: string
  readonly origin: 'gem' | 'git'
  /** `ruby` for one that was compiled on the spot. */
  readonly platform: string
  readonly ailment: Ailment
  /** Whether the packed gem still lies in the gem folder's cache. */
  readonly cached: boolean
}

export interface ModelApp {
  readonly path: string
  /** Whether it has a Gemfile.lock, and its gems in `vendor/bundle`. */
  readonly bundled: boolean
  readonly runs: ModelMachine
  /** Where its gems were installed; another machine than `runs` when they were copied. */
  readonly built: ModelMachine
  readonly gems: readonly ModelGem[]
  readonly env: Readonly<Record<string, string>>
  /** Whether a C compiler is there; images that only run an app come without. */
  readonly compiles: boolean
}

const revision = '0123456789abcdef0123456789abcdef01234567'
/** A version that the model's machines never run. */
const foreignMinor = '2.5'
const lfsPointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'

export function librubyOf(minor: string): string {
  return `libruby-${minor}.so.${minor}`
}

/** The runtime of a machine, as its `rbconfig.rb` would describe it. */
export function runtimeOf({ minor, libc, cpu }: ModelMachine): Runtime {
  const [major = '', minorPart = ''] = minor.split('.')
  const arch = `${cpu}-linux${libc === 'musl' ? '-musl' : '-gnu'}`
  const config = new Map([
    ['MAJOR', major],
    ['MINOR', minorPart],
    ['TEENY', '4'],
    ['ruby_version', `${minor}.0`],
    ['ENABLE_SHARED', 'yes'],
    ['LIBRUBY_SO', librubyOf(minor)],
    ['DLEXT', 'so'],
    ['arch', arch],
    ['rubylibprefix', '/usr/lib/ruby'],
  ])
  return toRuntime(config, '/usr/bin/ruby', [`/var/lib/gems/${minor}.0`])
}

/** Validates the app as it stands on the model's disk: everything but the load probe. */
export async function inspectModel(app: ModelApp): Promise<{ readonly files: MemoryFiles; readonly report: ValidationReport }> {
  const files = toFiles(app)
  const tree = memoryTree(files)
  const runtime = runtimeOf(app.runs)
  const inspection = await inspectBundle(tree, app.path, app.env, runtime, null)
  const place = toPlace(tree, app.path, inspection.scope === 'lock', runtime, rootInside)
  return { files, report: toReport(inspection, toFindings(inspection, place, [], '2026-01-01'), runtime, 0) }
}

function toFiles(app: ModelApp): Map<string, string | Buffer> {
  const runtime = runtimeOf(app.built)
  const files = machineFiles(app.runs)
  const home = app.bundled ? posix.join(app.path, 'vendor/bundle/ruby', runtime.abi) : `/var/lib/gems/${runtime.abi}`
  files.set(posix.join(app.path, 'config.ru'), '')
  if (app.compiles) files.set('/usr/bin/cc', '')
  if (app.bundled) {
    files.set(posix.join(app.path, '.bundle/config'), '---\nBUNDLE_PATH: "vendor/bundle"\n')
    files.set(posix.join(app.path, 'Gemfile.lock'), toLock(app.gems))
  }
  for (const gem of app.gems) addGem(files, home, gem, app.built, runtime)
  return files
}

/** Ruby, and the two libraries that it needs. */
export function machineFiles({ minor, libc, cpu }: ModelMachine): Map<string, string | Buffer> {
  const machine = machineNumber(cpu)
  const exportsOfRuby = { machine, imports: [], exports: ['rb_define_method'] }
  const folder = libc === 'musl' ? '/lib' : '/usr/lib'
  return new Map<string, string | Buffer>([
    ['/usr/bin/ruby', makeElf([librubyOf(minor), libcOf(libc, cpu)], { machine, imports: [], exports: [] })],
    [`${folder}/${librubyOf(minor)}`, makeElf([libcOf(libc, cpu)], exportsOfRuby)],
    [libc === 'musl' ? `/lib/ld-musl-${cpu}.so.1` : '/usr/lib/libc.so.6', makeElf([], { machine, imports: [], exports: ['malloc'] })],
    ['/usr/bin/bundle', ''],
    ['/etc/os-release', libc === 'musl' ? 'ID=alpine\n' : 'ID=debian\n'],
  ])
}

function addGem(files: Map<string, string | Buffer>, home: string, gem: ModelGem, built: ModelMachine, runtime: Runtime): void {
  const { name, version, origin, platform, ailment } = gem
  const precompiled = platform !== 'ruby'
  const fullName = origin === 'git' ? `${name}-${revision.slice(0, 12)}` : `${name}-${version}${precompiled ? `-${platform}` : ''}`
  const folder = posix.join(home, origin === 'git' ? 'bundler/gems' : 'gems', fullName)
  files.set(
    origin === 'git' ? posix.join(folder, `${name}.gemspec`) : posix.join(home, 'specifications', `${fullName}.gemspec`),
    `# stub: ${name} ${version} ${platform} lib\n${precompiled ? '' : '# stub: ext/extconf.rb\n'}\nGem::Specification.new do |s|\nend\n`,
  )
  files.set(posix.join(folder, 'lib', `${name}.rb`), '')
  if (gem.cached) files.set(posix.join(home, 'cache', `${fullName}.gem`), 'packed')
  const content = ailment === 'pointer' ? lfsPointer : extensionFor({ ...built, minor: ailment === 'none' ? built.minor : foreignMinor })
  if (precompiled) {
    const minor = ailment === 'precompiled-for-others' ? foreignMinor : built.minor
    return void files.set(posix.join(folder, 'lib', minor, 'tiny.so'), content)
  }
  const abi = ailment === 'not-built' ? `${foreignMinor}.0` : runtime.abi
  const extensions = posix.join(home, origin === 'git' ? 'bundler/gems/extensions' : 'extensions', runtime.platform, abi, fullName)
  files.set(posix.join(extensions, 'gem_make.out'), 'linking shared-object tiny.so\n')
  files.set(posix.join(extensions, 'gem.build_complete'), '')
  if (ailment !== 'gone') for (const place of [posix.join(folder, 'lib'), extensions]) files.set(posix.join(place, 'tiny.so'), content)
}

/** A compiled `tiny.so` as a machine's own compiler makes it. */
export function extensionFor({ minor, libc, cpu }: ModelMachine): Buffer {
  return makeElf([librubyOf(minor), libcOf(libc, cpu)], { machine: machineNumber(cpu) })
}

function libcOf(libc: ModelMachine['libc'], cpu: ModelMachine['cpu']): string {
  return libc === 'musl' ? `libc.musl-${cpu}.so.1` : 'libc.so.6'
}

/** ELF's `e_machine`. */
function machineNumber(cpu: ModelMachine['cpu']): number {
  return cpu === 'x86_64' ? 62 : 183
}

function toLock(gems: readonly ModelGem[]): string {
  const git = gems
    .filter(({ origin }) => origin === 'git')
    .map(
      ({ name, version }) =>
        `GIT\n  remote: https://example.test/${name}.git\n  revision: ${revision}\n  specs:\n    ${name} (${version})\n\n`,
    )
  const registry = gems
    .filter(({ origin }) => origin === 'gem')
    .flatMap(({ name, version, platform }) =>
      [version, ...(platform === 'ruby' ? [] : [`${version}-${platform}`])].map((each) => `    ${name} (${each})\n`),
    )
  return `${git.join('')}GEM\n  remote: https://example.test/\n  specs:\n${registry.join('')}\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n${gems.map(({ name, origin }) => `  ${name}${origin === 'git' ? '!' : ''}\n`).join('')}`
}
