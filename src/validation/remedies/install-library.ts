import { quoted } from './command-line.ts'
import { installPackage } from './install-package.ts'
import { reinstallRuby } from './install-ruby.ts'
import { packageOf } from './library-packages.ts'
import type { Place } from './place.ts'

/** Installs the package that holds a library. */
export function installLibrary(place: Place, library: string): string[] {
  if (library.startsWith('libruby')) return reinstallRuby(place)
  const name = place.packages === null ? null : packageOf(library, place.packages)
  return place.packages === null || name === null
    ? [`Install the package that holds ${library}.`]
    : installPackage(place, place.packages, quoted(name))
}
