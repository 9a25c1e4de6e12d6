import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from './runtime.ts'

/**
 * The gem folders that a Ruby searches on its own, whether or not they exist: Ruby's default, those of Debian's
 * operating_system.rb, of the official Docker images (GEM_HOME=/usr/local/bundle) and of Fedora, RVM's, and the user's (chruby's hold the
 * whole version).
 */
export function usualGemFolders(tree: FileTree, runtime: Omit<Runtime, 'gemFolders'>): string[] {
  const { abi, version, rubyPath } = runtime
  const homes = ['/root', ...tree.list('/home').map(({ name }) => `/home/${name}`)]
  const docker = runtime.rubyPath.startsWith('/usr/local/') ? ['/usr/local/bundle'] : []
  // RVM keeps the gems of `rubies/ruby-3.1.2` in `gems/ruby-3.1.2`, those of a gem set in `gems/ruby-3.1.2@name`.
  const [, rvm, name = ''] = /^(.*\/\.?rvm)\/rubies\/([^/]+)\/bin\//.exec(rubyPath) ?? []
  const sets = rvm === undefined ? [] : tree.list(`${rvm}/gems`).map((entry) => entry.name)
  const managed = sets.filter((set) => set === name || set.startsWith(`${name}@`)).map((set) => `${rvm}/gems/${set}`)
  const folders = [
    ...docker,
    ...managed,
    ...defaultGemFolders(tree, runtime),
    runtime.defaultGemFolder,
    '/usr/share/gems',
    '/usr/local/share/gems',
    ...homes.flatMap((home) => [`${home}/.local/share/gem/ruby/${abi}`, `${home}/.gem/ruby/${abi}`, `${home}/.gem/ruby/${version}`]),
  ]
  return [...new Set(folders)]
}

/** `Gem.default_path` without the user's own folder: Ruby's one folder, on Debian those of its operating_system.rb. */
export function defaultGemFolders(tree: FileTree, { abi, arch, rubyPath, defaultGemFolder }: Omit<Runtime, 'gemFolders'>): string[] {
  if (tree.kind('/usr/share/rubygems-integration') === null || !rubyPath.startsWith('/usr/bin/')) return [defaultGemFolder]
  return [
    `/var/lib/gems/${abi}`,
    `/usr/local/lib/ruby/gems/${abi}`,
    `/usr/lib/ruby/gems/${abi}`,
    `/usr/lib/${arch}/ruby/gems/${abi}`,
    `/usr/share/rubygems-integration/${abi}`,
    '/usr/share/rubygems-integration/all',
    `/usr/lib/${arch}/rubygems-integration/${abi}`,
  ]
}
