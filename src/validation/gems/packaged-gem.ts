import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { InstalledGem } from './installed-gem.ts'

const dpkgFolder = '/var/lib/dpkg/info'
/** Far more packages than any machine has whose names speak of Ruby. */
const maxLists = 2_000

/** The package of a distribution that delivered a gem, by what Debian's dpkg lists, else by the distribution's habit. */
export function packageOfGem(tree: FileTree, { name, specPath }: Pick<InstalledGem, 'name' | 'specPath'>, system: string): string {
  const stem = `ruby-${name.replaceAll('_', '-').toLowerCase()}`
  if (system === 'fedora') return `rubygem-${name}`
  if (system !== 'debian') return stem
  const lists = tree
    .list(dpkgFolder)
    .map((entry) => entry.name)
    .filter((file) => file.endsWith('.list'))
  const packageNamed = (file: string) => file.replace(/(?::\w+)?\.list$/, '')
  const likely = (file: string) => [stem, name].includes(packageNamed(file))
  const inOrder = [...lists.filter(likely), ...lists.filter((file) => !likely(file) && /ruby|^[a-z]*$/.test(packageNamed(file)))]
  const owner = inOrder.slice(0, maxLists).find((file) => tree.text(posix.join(dpkgFolder, file))?.split('\n').includes(specPath) === true)
  return owner === undefined ? stem : packageNamed(owner)
}
