import { posix } from 'node:path'
import { installPackage } from './install-package.ts'
import type { PackageSystem } from './library-packages.ts'
import type { Place } from './place.ts'

type Names = Readonly<Record<Exclude<PackageSystem, 'homebrew'>, string>>

const compilers = ['cc', 'gcc', 'clang']
const compiler: Names = { debian: 'build-essential', alpine: 'build-base', fedora: 'gcc gcc-c++ make redhat-rpm-config' }
/** What unpacks and changes the sources that nokogiri brings along. */
const unpackers: Names = { debian: 'xz-utils patch', alpine: 'xz patch', fedora: 'xz patch' }
/** Headers that a gem is compiled against (each gem's README). */
const headers: ReadonlyMap<string, Names> = new Map([
  ['pg', { debian: 'libpq-dev', alpine: 'libpq-dev', fedora: 'libpq-devel' }],
  ['mysql2', { debian: 'default-libmysqlclient-dev', alpine: 'mariadb-connector-c-dev', fedora: 'mariadb-connector-c-devel' }],
  ['ffi', { debian: 'libffi-dev', alpine: 'libffi-dev', fedora: 'libffi-devel' }],
  ['puma', { debian: 'libssl-dev', alpine: 'openssl-dev', fedora: 'openssl-devel' }],
  ['iodine', { debian: 'libssl-dev', alpine: 'openssl-dev', fedora: 'openssl-devel' }],
])

/**
 * Installs what a gem is compiled with; empty where a compiler is there: images that only run an app come without. `all`: every gem of the
 * bundle is to be compiled.
 */
export function installTools(place: Place, gem: string, all = false): string[] {
  const system = place.system.packages
  if (system === null || system === 'homebrew') return []
  const isNokogiri = gem === 'nokogiri' || (all && locks(place, 'nokogiri'))
  const sources = isNokogiri && !has(place, ['xz']) ? [unpackers[system]] : []
  const names = has(place, compilers)
    ? sources
    : [compiler[system], ...ownHeaders(place, system), headers.get(gem)?.[system] ?? [], ...sources]
  return names.length === 0 ? [] : installPackage(place, system, names.flat().join(' '))
}

function ownHeaders({ manager, runtime }: Place, system: keyof Names): string[] {
  if (manager.tag !== 'packages') return []
  return [{ debian: `ruby${runtime.minor}-dev`, alpine: 'ruby-dev', fedora: 'ruby-devel' }[system]]
}

function locks({ tree, appPath }: Place, gem: string): boolean {
  return tree.text(posix.join(appPath, 'Gemfile.lock'))?.includes(`\n    ${gem} (`) === true
}

function has({ tree, typist }: Place, programs: readonly string[]): boolean {
  const folders = [...typist.path, '/usr/bin', '/usr/local/bin']
  return folders.some((folder) => programs.some((program) => tree.realPath(posix.join(folder, program)) !== null))
}
