import { posix } from 'node:path'
import { readElf } from '../../formats/elf/read-elf.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { preloads } from '../libraries/loader.ts'
import { withElf } from '../libraries/with-elf.ts'
import { quoted } from '../remedies/command-line.ts'
import type { Workbench } from './workbench.ts'

/** A library that an extension brings into the process. */
export interface Brought {
  /** Its name; `ruby` for what Ruby's own extensions bring. */
  readonly gem: string
  readonly name: string
  readonly path: string
}

/** Libraries whose second copy in one process has led to crashes, by the beginning of their name. */
const delicate = ['libssl', 'libcrypto', 'libpq', 'libxml2', 'libmysqlclient', 'libjemalloc', 'libruby'] as const

/** What Ruby's own openssl brings: of a Ruby with an OpenSSL of its own another one than the system's, which the gems use. */
export function broughtByRuby({ tree, runtime, linked }: Workbench): Brought[] {
  const path = posix.join(runtime.archFolder, `openssl.${runtime.extensionSuffix}`)
  const libraries = linked === null ? null : withElf(tree, path, (elf) => linked.loader.closure({ path, elf }).libraries)
  return (libraries ?? []).map((library) => ({ gem: 'ruby', name: library.elf.soname ?? posix.basename(library.path), path: library.path }))
}

/** What only shows when all extensions of the app are seen together, in one process. */
export function checkTogether(brought: readonly Brought[]): Observation[] {
  const libraries = [...new Map(brought.map((each) => [each.path, each])).values()]
  return delicate.flatMap((stem) => {
    const mine = libraries.filter(({ name }) => name === stem || name.startsWith(`${stem}.`) || name.startsWith(`${stem}-`))
    const [first, second] = mine
    if (second === undefined) return []
    return [
      {
        code: 'TWO_LIBRARIES' as const,
        gem: null,
        evidence: mine.map(({ gem, name, path }) => ({ what: `${gem} brings ${name}`, where: path })),
        explanation: `${first?.name} and ${second?.name} would be loaded into one process; a suspicion, not a fault.`,
        mend: { tag: 'Say' as const, lines: [] },
      },
    ]
  })
}

/** Variables of the environment, and libraries that are loaded before everything. */
export function checkEnvironment(bench: Workbench, env: Readonly<Record<string, string>>): Observation[] {
  return [...checkPreload(bench, env), ...checkVariables(bench.runtime, env)]
}

function checkPreload({ tree, linked }: Workbench, env: Readonly<Record<string, string>>): Observation[] {
  const named = preloads(env).map((path) => ({ path, where: 'LD_PRELOAD' }))
  // Separators and comments as in glibc's elf/rtld.c.
  const text = (tree.text('/etc/ld.so.preload') ?? '').replaceAll(/#.*/g, '')
  const filed = text.split(/[\s:]+/).map((path) => ({ path, where: '/etc/ld.so.preload' }))
  return [...named, ...filed].flatMap(({ path, where }) => {
    if (path === '' || path.includes('$') || linked?.loader.find(path) != null) return []
    if (linked === null && !path.startsWith('/')) return []
    const why = path.startsWith('/') ? unusable(tree, path, linked?.ruby.elf.machine ?? null) : 'is in none of the folders of the loader'
    if (why === null) return []
    return [
      {
        code: 'PRELOAD_BROKEN' as const,
        gem: null,
        evidence: [{ what: `${path} ${why}`, where }],
        explanation: `${where} names ${path}, which ${why}: the loader goes on without it.`,
        mend: { tag: 'Library' as const, name: posix.basename(path) },
      },
    ]
  })
}

function unusable(tree: FileTree, path: string, machine: number | null): string | null {
  const file = tree.open(path)
  if (file === null) return 'does not exist'
  try {
    const elf = readElf(file)
    if (elf.tag !== 'Elf') return 'is no library'
    return machine !== null && elf.machine !== machine ? 'is for another processor' : null
  } finally {
    file.close()
  }
}

/** `ruby/3.1.0` (the ABI), chruby's `.gem/ruby/3.1.2` and RVM's `gems/ruby-3.1.2@app` (the version): gems fit by the minor alone. */
const rubyOfFolder = /(?:^|[/:])ruby[/-]((\d+\.\d+)\.\d+)(?=[/:@]|$)/g

/** Values that hold the ABI folder or the version of another Ruby. */
function checkVariables(runtime: Runtime, env: Readonly<Record<string, string>>): Observation[] {
  const differing: { name: string; value: string; names: string }[] = []
  for (const name of ['GEM_HOME', 'GEM_PATH', 'BUNDLE_PATH']) {
    const value = env[name] ?? ''
    const named = [...value.matchAll(rubyOfFolder)].map(([, full = '', minor = '']) => ({ full, minor }))
    const other = named.find(({ minor }) => minor !== runtime.minor)
    // Several folders of GEM_PATH may be for several Rubies: one of this Ruby's is enough.
    if (other !== undefined && !named.some(({ minor }) => minor === runtime.minor)) differing.push({ name, value, names: other.full })
  }
  // The official images set RUBY_VERSION to the version that they built.
  const version = env['RUBY_VERSION']?.replace(/^ruby-/, '') ?? ''
  if (/^\d+\.\d+\.\d+$/.test(version) && version !== runtime.version)
    differing.push({ name: 'RUBY_VERSION', value: version, names: version })
  return differing.map(({ name, value, names }) => ({
    code: 'ENVIRONMENT_DIFFERS' as const,
    gem: null,
    evidence: [{ what: `${name}=${value}`, where: 'environment' }],
    explanation: `${name} names Ruby ${names}; ${runtime.rubyPath} is ${runtime.version}.`,
    mend: { tag: 'Say' as const, lines: [`Unset ${name}, or run the app with Ruby ${names}.`] },
  }))
}

/** Whether the gems stand on a file system mounted noexec: the kernel's table of this process (proc(5), mountinfo). */
export function checkMounts(mountInfo: string, folders: readonly string[]): Observation[] {
  const mounts = mountInfo
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([, , , , point, options]) =>
      point === undefined || options === undefined ? [] : [{ point: point.replaceAll('\\040', ' '), options: options.split(',') }],
    )
  return folders.flatMap((folder) => {
    // The last mount over the longest point is the one in force.
    const mount = mounts
      .filter(({ point }) => folder === point || folder.startsWith(point === '/' ? '/' : `${point}/`))
      .reduce<(typeof mounts)[number] | null>((best, each) => (best === null || each.point.length >= best.point.length ? each : best), null)
    if (mount === null || !mount.options.includes('noexec')) return []
    return [
      {
        code: 'FOLDER_NOT_EXECUTABLE' as const,
        gem: null,
        evidence: [{ what: `mounted with ${mount.options.join(',')}`, where: mount.point }],
        explanation: `${folder} is on ${mount.point}, which is mounted noexec: no extension can be loaded from it.`,
        mend: { tag: 'Say' as const, lines: [`mount -o remount,exec ${quoted(mount.point)}`] },
      },
    ]
  })
}
