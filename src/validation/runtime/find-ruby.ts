import { posix } from 'node:path'
import { readMiseToml } from '../../formats/version-files/read-mise-toml.ts'
import { readRubyVersionFile, readToolVersions } from '../../formats/version-files/read-version-files.ts'
import type { FileTree } from '../files/file-tree.ts'

/** The PATH of a shell that nobody configured, as Docker and Debian set it. */
const usualPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const maxPathFolders = 100
const usualHomes = ['/root', '/home/app', '/home/rails', '/home/deploy', '/home/ruby', '/app', '/rails']

export interface FoundRubies {
  /** Interpreters with every link followed, best first, each once. */
  readonly rubies: readonly string[]
  /** Every place that was looked at. */
  readonly looked: readonly string[]
}

/** Interpreters of an unpacked file system, in the order in which its shell would find them: version managers, then PATH. */
export function findRubies(tree: FileTree, appPath: string): FoundRubies {
  const asked = ancestors(appPath)
    .map((folder) => wantedVersion(tree, folder))
    .find((version) => version !== null)
  const managed = managerFolders(tree).flatMap((folder) => {
    const wanted = asked ?? globalVersion(tree, folder)
    return tree
      .list(folder)
      .map(({ name }) => name)
      .filter((name) => /\d/.test(name))
      .sort((one, other) => Number(matches(other, wanted)) - Number(matches(one, wanted)) || compareNumbers(other, one))
      .map((name) => ({ path: `${folder}/${name}/bin/ruby`, fits: matches(name, wanted) }))
  })
  const looked = [
    ...managed.filter(({ fits }) => fits).map(({ path }) => path),
    ...usualPath.map((folder) => `${folder}/ruby`),
    ...managed.filter(({ fits }) => !fits).map(({ path }) => path),
    '/opt/ruby/bin/ruby',
  ]
  const rubies = new Set<string>()
  for (const path of looked) {
    const real = tree.realPath(path)
    if (real !== null && tree.kind(real) === 'file' && !isScript(tree, real)) rubies.add(real)
  }
  return { rubies: [...rubies], looked }
}

/** Interpreters in the folders of a PATH, links followed, first first; shims of version managers are scripts, and left out. */
export function rubiesOnPath(tree: FileTree, path: string): string[] {
  const rubies = new Set<string>()
  for (const folder of path.split(':').slice(0, maxPathFolders)) {
    const real = folder.startsWith('/') ? tree.realPath(posix.join(folder, 'ruby')) : null
    if (real !== null && tree.kind(real) === 'file' && !isScript(tree, real)) rubies.add(real)
  }
  return [...rubies]
}

function managerFolders(tree: FileTree): string[] {
  const homes = [...new Set([...usualHomes, ...tree.list('/home').map(({ name }) => `/home/${name}`)])]
  const inHome = ['.rbenv/versions', '.asdf/installs/ruby', '.local/share/mise/installs/ruby', '.rubies', '.rvm/rubies']
  const shared = [
    '/usr/local/rbenv/versions',
    '/opt/rbenv/versions',
    '/opt/rubies',
    '/usr/local/rvm/rubies',
    '/opt/asdf/installs/ruby',
    '/usr/local/share/mise/installs/ruby',
  ]
  return [...homes.flatMap((home) => inHome.map((folder) => `${home}/${folder}`)), ...shared].filter(
    (folder) => tree.kind(folder) === 'folder',
  )
}

/** A version manager's files and their reader; it takes the first that names a Ruby. Those of mise stand in the order of its documentation's "Configuration" page, the nearest first. */
const versionFiles = [
  { names: ['.ruby-version'], read: readRubyVersionFile },
  { names: ['.tool-versions'], read: readToolVersions },
  {
    names: [
      'mise.local.toml',
      'mise.toml',
      '.mise.toml',
      'mise/config.toml',
      '.mise/config.toml',
      '.config/mise.toml',
      '.config/mise/config.toml',
    ],
    read: readMiseToml,
  },
] as const

/** Version managers look for their files upwards from the app. */
function ancestors(folder: string): string[] {
  return folder === '/' ? ['/'] : [folder, ...ancestors(posix.dirname(folder))]
}

/** What a version manager takes where no app says: rbenv's `version`, the home folder's `.tool-versions`, mise's own configuration. */
function globalVersion(tree: FileTree, versionsFolder: string): string | null {
  const read = (path: string, reader: (text: string) => string | null) => {
    const text = tree.text(path)
    return text === null ? null : reader(text)
  }
  const home = /^(.*?)\/\.(?:asdf|local)\//.exec(versionsFolder)?.[1]
  if (home === undefined)
    return versionsFolder.endsWith('rbenv/versions') ? read(posix.join(versionsFolder, '../version'), readRubyVersionFile) : null
  return read(`${home}/.tool-versions`, readToolVersions) ?? read(`${home}/.config/mise/config.toml`, readMiseToml)
}

/** The Ruby that a version file asks for. */
export interface AskedVersion {
  readonly version: string
  readonly path: string
}

/** The Rubies that the app's own version files ask for: one for each version manager that has a say. */
export function askedVersions(tree: FileTree, appPath: string): AskedVersion[] {
  return versionFiles.flatMap(({ names, read }) => {
    for (const name of names) {
      const path = posix.join(appPath, name)
      const text = tree.text(path)
      const version = text === null ? null : read(text)
      if (version !== null) return [{ version, path }]
    }
    return []
  })
}

/** The first of them. */
export function wantedVersion(tree: FileTree, appPath: string): string | null {
  return askedVersions(tree, appPath)[0]?.version ?? null
}

function matches(folder: string, wanted: string | null): boolean {
  const version = folder.replace(/^ruby-/, '')
  return wanted !== null && (version === wanted || version.startsWith(`${wanted}.`))
}

function compareNumbers(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

function isScript(tree: FileTree, path: string): boolean {
  return tree.text(path, 2) === '#!'
}
