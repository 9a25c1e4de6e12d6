import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Mend } from '../observation.ts'
import { asRoot, quoted } from './command-line.ts'
import { readDelivered } from './delivered-libraries.ts'
import { installPackage, reinstallPackage, repairPackages } from './install-package.ts'
import { reinstallRuby } from './install-ruby.ts'
import { debianNames, packageOf, type PackageSystem } from './library-packages.ts'
import type { Place } from './place.ts'
import { rebuildGem } from './rebuild-gem.ts'

type Wanted = Extract<Mend, { readonly tag: 'Library' }>

/**
 * Installs the package that holds a library; where the system has none any more, compiles the gem against what it has. A package that has
 * lost its file, or libraries `around` that may not be what theirs delivered, are installed over themselves.
 */
export function installLibrary(place: Place, gem: InstalledGem | null, wanted: Wanted): string[] {
  const { name: library, around = [] } = wanted
  if (library.startsWith('libruby')) return reinstallRuby(place)
  const { packages, debianRelease } = place.system
  if (packages !== 'debian' && packages !== 'alpine') return installByName(place, gem, wanted)
  const { ownerOf, holderOf, status } = readDelivered(place.tree, packages, place.runtime.arch.split('-')[0] ?? '')
  const owners = around.flatMap((path) => ownerOf(path) ?? [])
  const holder = holderOf(library)
  const held = packageOf(library, packages, debianRelease)
  const names = [...(held.tag === 'Package' ? [held.name] : []), ...debianNames(library)]
  const repair = status.missed.some((missed) => !names.includes(missed)) ? repairPackages(place) : []
  if (holder === null && owners.length === 0) return once([...repair, ...installByName(place, gem, wanted)])
  // What the owner doesn't ask for is wanted by a file that is not the owner's.
  const lost = holder ?? names.find((name) => owners.some((owner) => status.asksFor(owner, name))) ?? []
  return once([...repair, ...reinstallPackage(place, packages, once([lost, owners].flat()).map(quoted).join(' '))])
}

function installByName(place: Place, gem: InstalledGem | null, { name: library, orRebuild = false }: Wanted): string[] {
  const { packages, debianRelease } = place.system
  const held = packages === null ? null : packageOf(library, packages, debianRelease)
  if (packages !== null && held?.tag === 'Package') return installPackage(place, packages, quoted(held.name))
  if (gem !== null && (held?.tag === 'Gone' || orRebuild)) return rebuildGem(place, gem)
  return packages === 'debian' && isPlain(library)
    ? searchPackage(place, packages, library)
    : [`Install the package that holds ${library}.`]
}

/** Which package of Debian holds a file, its `apt-file` tells. */
function searchPackage(place: Place, system: PackageSystem, library: string): string[] {
  const search = `apt-file --package-only find --regexp ${quoted(`/${library.replaceAll(/[.+]/g, '\\$&')}$`)}`
  return [
    ...installPackage(place, system, 'apt-file'),
    asRoot(place, 'apt-file update'),
    asRoot(place, `apt-get install -y $(${search} | head -n 1)`),
  ]
}

function isPlain(library: string): boolean {
  return /^[\w.+-]+$/.test(library)
}

function once(lines: readonly string[]): string[] {
  return [...new Set(lines)]
}
