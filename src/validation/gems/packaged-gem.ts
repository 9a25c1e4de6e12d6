import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { InstalledGem } from './installed-gem.ts'

const dpkgFolder = '/var/lib/dpkg/info'
const apkDatabase = '/lib/apk/db/installed'
/** Far more packages than any machine has whose names speak of Ruby. */
const maxLists = 2_000

type Packaged = Pick<InstalledGem, 'name' | 'fullName' | 'specPath' | 'origin'>

/** The package of a distribution that delivered a gem; null for a gem that RubyGems or Bundler installed. */
export function packageOfGem(tree: FileTree, gem: Packaged, system: 'debian' | 'alpine' | 'fedora'): string | null {
  // Distributions leave /usr/local, /var and homes to others (Filesystem Hierarchy Standard, chapter 4).
  if (!gem.specPath.startsWith('/usr/') || gem.specPath.startsWith('/usr/local/')) return null
  switch (system) {
    case 'debian':
      return debianPackage(tree, gem)
    case 'alpine':
      return alpinePackage(tree, gem)
    case 'fedora':
      return `rubygem-${gem.name}`
  }
}

/** dpkg keeps a list of files for each package; where it is missing (a slim image), the name tells. */
function debianPackage(tree: FileTree, { name, specPath }: Packaged): string {
  const stem = `ruby-${name.replaceAll('_', '-').toLowerCase()}`
  const files = tree.list(dpkgFolder).flatMap((entry) => (entry.name.endsWith('.list') ? [entry.name] : []))
  const packageNamed = (file: string) => file.replace(/(?::\w+)?\.list$/, '')
  const isLikely = (file: string) => [stem, name].includes(packageNamed(file))
  const inOrder = [...files.filter(isLikely), ...files.filter((file) => !isLikely(file) && file.includes('ruby'))]
  const owner = inOrder.slice(0, maxLists).find((file) => tree.text(posix.join(dpkgFolder, file))?.split('\n').includes(specPath) === true)
  return owner === undefined ? stem : packageNamed(owner)
}

/** apk's database: a paragraph for each package, `P:` its name, `R:` a file (wiki.alpinelinux.org, "Apk spec"). Its `gem install` uses the same folder. */
function alpinePackage(tree: FileTree, { fullName }: Packaged): string | null {
  const owner = (tree.text(apkDatabase) ?? '').split('\n\n').find((paragraph) => paragraph.split('\n').includes(`R:${fullName}.gemspec`))
  return owner === undefined ? null : (/^P:(.+)$/m.exec(owner)?.[1] ?? null)
}
