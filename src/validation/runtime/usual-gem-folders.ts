import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from './runtime.ts'

/**
 * The gem folders that a Ruby searches on its own, whether or not they exist: Ruby's default, those of Debian's
 * operating_system.rb, of the official Docker images (GEM_HOME=/usr/local/bundle) and of Fedora, and the user's.
 */
export function usualGemFolders(tree: FileTree, runtime: Omit<Runtime, 'gemFolders'>): string[] {
  const { abi, arch } = runtime
  const homes = ['/root', ...tree.list('/home').map(({ name }) => `/home/${name}`)]
  const debian =
    tree.facts('/usr/share/rubygems-integration') === null || !runtime.rubyPath.startsWith('/usr/bin/')
      ? []
      : [
          `/var/lib/gems/${abi}`,
          `/usr/local/lib/ruby/gems/${abi}`,
          `/usr/lib/ruby/gems/${abi}`,
          `/usr/lib/${arch}/ruby/gems/${abi}`,
          `/usr/share/rubygems-integration/${abi}`,
          '/usr/share/rubygems-integration/all',
          `/usr/lib/${arch}/rubygems-integration/${abi}`,
        ]
  const docker = runtime.rubyPath.startsWith('/usr/local/') ? ['/usr/local/bundle'] : []
  const folders = [
    ...docker,
    ...debian,
    runtime.defaultGemFolder,
    '/usr/share/gems',
    ...homes.flatMap((home) => [`${home}/.local/share/gem/ruby/${abi}`, `${home}/.gem/ruby/${abi}`]),
  ]
  return [...new Set(folders)]
}
