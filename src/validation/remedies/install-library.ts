import type { InstalledGem } from '../gems/installed-gem.ts'
import { quoted } from './command-line.ts'
import { installPackage } from './install-package.ts'
import { reinstallRuby } from './install-ruby.ts'
import { packageOf } from './library-packages.ts'
import type { Place } from './place.ts'
import { rebuildGem } from './rebuild-gem.ts'

/** Installs the package that holds a library; where the system has none any more, compiles the gem against what it has. */
export function installLibrary(place: Place, gem: InstalledGem | null, library: string): string[] {
  if (library.startsWith('libruby')) return reinstallRuby(place)
  const { packages, debianRelease } = place.system
  const held = packages === null ? null : packageOf(library, packages, debianRelease)
  if (packages !== null && held?.tag === 'Package') return installPackage(place, packages, quoted(held.name))
  if (held?.tag === 'Gone' && gem !== null) return rebuildGem(place, gem)
  return [`Install the package that holds ${library}.`]
}
