import { asRoot } from './command-line.ts'
import type { PackageSystem } from './library-packages.ts'
import type { Place } from './place.ts'

/** Installs a package of the distribution. `name` is quoted where it has to be. */
export function installPackage(place: Place, system: PackageSystem, name: string): string[] {
  switch (system) {
    case 'debian':
      return [...updatedLists(place), asRoot(place, `apt-get install -y ${name}`)]
    case 'alpine':
      return [asRoot(place, `apk add ${name}`)]
    case 'fedora':
      return [asRoot(place, `dnf install -y ${name}`)]
    case 'homebrew':
      return [`brew install ${name}`]
  }
}

/** Installs a package of the distribution over itself, as it was delivered. */
export function reinstallPackage(place: Place, system: PackageSystem, name: string): string[] {
  switch (system) {
    case 'debian':
      return [...updatedLists(place), asRoot(place, `apt-get install --reinstall -y ${name}`)]
    case 'alpine':
      return [asRoot(place, `apk fix --reinstall ${name}`)]
    case 'fedora':
      return [asRoot(place, `dnf reinstall -y ${name}`)]
    case 'homebrew':
      return [`brew reinstall ${name}`]
  }
}

/** Installs what installed packages of Debian ask for and do not have. */
export function repairPackages(place: Place): string[] {
  return [...updatedLists(place), asRoot(place, 'apt-get --fix-broken install -y')]
}

/** Images are delivered without the lists of packages, and apt-get finds none then. */
function updatedLists(place: Place): string[] {
  const known = place.tree.list('/var/lib/apt/lists').some(({ name }) => name.includes('_Packages'))
  return known ? [] : [asRoot(place, 'apt-get update')]
}
