import { posix } from 'node:path'
import { readGemspec, type Gemspec } from '../../formats/gemspec/read-gemspec.ts'
import { whyGemspecBroken } from '../../formats/gemspec/why-gemspec-broken.ts'
import { isCritical } from '../compatibility/critical-gems.ts'
import { whyNoFile } from '../files/describe-entry.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { defaultGemFiles } from './default-gem.ts'
import type { InstalledGem, UnreadableSpec } from './installed-gem.ts'

/** One `specifications/*.gemspec`: its name is known before it is read. */
export interface SpecFile {
  /** `pg-1.5.4-x86_64-linux`. */
  readonly fullName: string
  readonly path: string
  readonly home: string
  readonly extensionsRoot: string
  readonly isDefault: boolean
  /** The gem's own. */
  readonly folder: string
  /** Whether that stands; false also for a link to one. */
  readonly hasFolder: boolean
}

/** Specification files of one gem folder, unread. */
export function listSpecs(tree: FileTree, home: string, isDefault = false): SpecFile[] {
  const folder = posix.join(home, isDefault ? 'specifications/default' : 'specifications')
  const specs = tree.list(folder).filter(({ name }) => name.endsWith('.gemspec'))
  if (specs.length === 0) return []
  // One listing tells what would take a look at each.
  const gems = posix.join(home, 'gems')
  const extensionsRoot = posix.join(home, 'extensions')
  const own = new Set(tree.list(gems).flatMap(({ name, kind }) => (kind === 'folder' ? [name] : [])))
  return specs.map(({ name }) => {
    const fullName = name.slice(0, -'.gemspec'.length)
    const hasFolder = own.has(fullName)
    return { fullName, path: `${folder}/${name}`, home, extensionsRoot, isDefault, folder: `${gems}/${fullName}`, hasFolder }
  })
}

export interface ReadGem {
  /** Null when nothing of it can be judged. */
  readonly gem: InstalledGem | null
  readonly trouble: UnreadableSpec | null
}

/** The gem that a specification describes, and what is wrong with the specification itself. `name` is what it should describe. */
export function readInstalledGem(tree: FileTree, spec: SpecFile, runtime: Runtime, name: string): ReadGem {
  const text = tree.text(spec.path)
  const trouble = (effect: UnreadableSpec['effect'], why: string): UnreadableSpec => ({ name, specPath: spec.path, why, effect })
  if (text === null) return { gem: null, trouble: trouble('unjudged', `is ${whyNoFile(tree, spec.path) ?? 'no longer there'}`) }
  const broken = whyGemspecBroken(text)
  const gemspec = readGemspec(text)
  if ('tag' in gemspec)
    return { gem: null, trouble: broken === null ? trouble('unjudged', `has ${gemspec.why}`) : trouble('hidden', `is ${broken}`) }
  // RubyGems goes by what it states, whatever the file is called.
  if (!`${spec.fullName}-`.startsWith(`${gemspec.name}-${gemspec.version}-`) && gemspec.version !== '')
    return { gem: null, trouble: trouble('hidden', `states ${gemspec.name} ${gemspec.version}`) }
  // Without native code RubyGems and Bundler go by the stub lines, until somebody asks for more.
  if (broken !== null && (!gemspec.fromStub || gemspec.extensions.length > 0))
    return { gem: null, trouble: trouble('hidden', `is ${broken}`) }
  return { gem: toInstalledGem(tree, spec, text, gemspec, runtime), trouble: broken === null ? null : trouble('partly', `is ${broken}`) }
}

function toInstalledGem(tree: FileTree, spec: SpecFile, text: string, gemspec: Gemspec, runtime: Runtime): InstalledGem {
  const { folder } = spec
  const gem = toGem(gemspec, spec.fullName, folder, spec.path)
  const own = { ...gem, home: spec.home, extensionsRoot: spec.extensionsRoot, packagedFiles: null, lacks: null }
  if (spec.isDefault) return { ...own, origin: 'default', packagedFiles: defaultGemFiles(tree, text, runtime) }
  if (spec.hasFolder || tree.kind(folder) === 'folder') return { ...own, origin: 'gem' }
  const packaged = distributionHome.test(spec.home) ? packagedExtensions(tree, gem, runtime) : null
  if (packaged === null) return { ...own, origin: 'gem', lacks: 'folder' }
  return { ...own, origin: 'package', ...packaged }
}

/** Where Debian keeps the specifications of gems whose files it spreads over the system. */
export const distributionHome = /^\/usr\/(?:share|lib\/[^/]+)\/rubygems-integration\//

export function toGem(
  gemspec: Gemspec,
  fullName: string,
  folder: string,
  specPath: string,
): Omit<InstalledGem, 'origin' | 'home' | 'extensionsRoot' | 'packagedFiles' | 'lacks'> {
  const { name, version, platform, requirePaths, extensions, requiredRubyVersion } = gemspec
  return {
    name,
    version,
    platform,
    fullName,
    folder,
    // Nearly every gem says `lib`; only what holds a dot may lead elsewhere.
    requireFolders: requirePaths.map((path) => (path.includes('.') ? posix.join(folder, path) : `${folder}/${path}`)),
    declaresExtensions: extensions.length > 0,
    requiredRubyVersion,
    specPath,
  }
}

/**
 * Debian splits a gem over the system's folders; which files are its extensions, its package's list tells
 * (`/var/lib/dpkg/info/ruby-pg*.list`). Where that is missing, the names do. Null for a gem whose own folder the list names.
 */
function packagedExtensions(
  tree: FileTree,
  { name, folder, specPath, declaresExtensions }: Pick<InstalledGem, 'name' | 'folder' | 'specPath' | 'declaresExtensions'>,
  runtime: Runtime,
): Pick<InstalledGem, 'packagedFiles' | 'lacks'> | null {
  const suffix = `.${runtime.extensionSuffix}`
  const listed = listedFiles(tree, name, specPath, runtime)
  if (listed?.includes(folder) === true) return null
  const compiled = listed?.filter((file) => file.endsWith(suffix))
  const plain = name.replaceAll('-', '/')
  const own = posix.join(runtime.vendorArchFolder, plain)
  const inside = tree.list(own).filter((entry) => entry.name.endsWith(suffix))
  const guessed = [
    ...[`${name}_ext`, plain, `${plain}_ext`, `${plain}_c`].map((feature) => posix.join(runtime.vendorArchFolder, feature + suffix)),
    ...inside.map((entry) => posix.join(own, entry.name)),
  ].filter((path) => tree.kind(path) === 'file')
  const packagedFiles = compiled?.filter((file) => file.startsWith(`${runtime.vendorArchFolder}/`)) ?? guessed
  // Debian's specifications seldom state their extensions.
  if (packagedFiles.length > 0 || !(declaresExtensions || isCritical(name))) return { packagedFiles, lacks: null }
  if (compiled === undefined) return { packagedFiles, lacks: isCritical(name) ? 'files' : 'trace' }
  return { packagedFiles, lacks: compiled.length > 0 ? 'files' : null }
}

/** What dpkg lists of the package that holds a specification; null when no list does. */
function listedFiles(tree: FileTree, name: string, specPath: string, { arch }: Runtime): readonly string[] | null {
  const stem = `ruby-${name.replaceAll('_', '-').toLowerCase()}`
  for (const base of [stem, name])
    for (const list of [`${base}.list`, `${base}:${debianArch(arch)}.list`]) {
      const files = tree.text(`/var/lib/dpkg/info/${list}`)?.split('\n')
      if (files?.includes(specPath) === true) return files
    }
  return null
}

function debianArch(arch: string): string {
  const cpu = arch.split('-')[0] ?? ''
  return (
    new Map([
      ['x86_64', 'amd64'],
      ['aarch64', 'arm64'],
      ['i386', 'i386'],
      ['arm', 'armhf'],
      ['powerpc64le', 'ppc64el'],
    ]).get(cpu) ?? cpu
  )
}
