/** Whose installer a system has. */
export type PackageSystem = 'debian' | 'alpine' | 'fedora' | 'homebrew'

export interface LibraryNames {
  /** The beginning of the library's file name. */
  readonly library: string
  readonly debian: string
  /** Only where the name has brought this very version of the library for years. */
  readonly alpine?: string
  readonly fedora?: string
  /** Releases of Debian that have it; all where it isn't said. */
  readonly since?: number
  readonly until?: number
}

/**
 * Debian 11 to 13, and Ubuntu 20.04 to 24.04 (packages.debian.org, packages.ubuntu.com); Alpine (pkgs.alpinelinux.org); Fedora
 * (packages.fedoraproject.org). Names that end in `t64` since Debian 13 are provided under the older name too. Debian's name follows the
 * library's version, so each version has its own line.
 */
export const libraryNames: readonly LibraryNames[] = [
  { library: 'libpq.so.5', debian: 'libpq5', alpine: 'libpq', fedora: 'libpq' },
  { library: 'libmariadb.so.3', debian: 'libmariadb3', alpine: 'mariadb-connector-c', fedora: 'mariadb-connector-c' },
  { library: 'libsqlite3.so.0', debian: 'libsqlite3-0', alpine: 'sqlite-libs', fedora: 'sqlite-libs' },
  { library: 'libyaml-0.so.2', debian: 'libyaml-0-2', alpine: 'yaml', fedora: 'libyaml' },
  { library: 'libxml2.so.2', debian: 'libxml2' },
  { library: 'libxslt.so.1', debian: 'libxslt1.1', alpine: 'libxslt', fedora: 'libxslt' },
  { library: 'libexslt.so.0', debian: 'libxslt1.1', alpine: 'libxslt', fedora: 'libxslt' },
  { library: 'libffi.so.8', debian: 'libffi8', alpine: 'libffi', fedora: 'libffi', since: 12 },
  { library: 'libffi.so.7', debian: 'libffi7', until: 11 },
  { library: 'libssl.so.3', debian: 'libssl3', alpine: 'libssl3', fedora: 'openssl-libs', since: 12 },
  { library: 'libcrypto.so.3', debian: 'libssl3', alpine: 'libcrypto3', fedora: 'openssl-libs', since: 12 },
  { library: 'libssl.so.1.1', debian: 'libssl1.1', alpine: 'libssl1.1', until: 11 },
  { library: 'libcrypto.so.1.1', debian: 'libssl1.1', alpine: 'libcrypto1.1', until: 11 },
  { library: 'libgmp.so.10', debian: 'libgmp10', alpine: 'gmp', fedora: 'gmp' },
  { library: 'libvips.so.42', debian: 'libvips42', alpine: 'vips', fedora: 'vips' },
  { library: 'libcurl.so.4', debian: 'libcurl4', alpine: 'libcurl', fedora: 'libcurl' },
  { library: 'libreadline.so.8', debian: 'libreadline8', alpine: 'readline', fedora: 'readline' },
  { library: 'libz.so.1', debian: 'zlib1g', alpine: 'zlib' },
  { library: 'libstdc++.so.6', debian: 'libstdc++6', alpine: 'libstdc++', fedora: 'libstdc++' },
  { library: 'libgcc_s.so.1', debian: 'libgcc-s1', alpine: 'libgcc', fedora: 'libgcc' },
  { library: 'libgssapi_krb5.so.2', debian: 'libgssapi-krb5-2', alpine: 'krb5-libs', fedora: 'krb5-libs' },
  { library: 'libsodium.so.23', debian: 'libsodium23' },
  { library: 'libgeos_c.so.1', debian: 'libgeos-c1v5', alpine: 'geos', fedora: 'geos' },
  { library: 'libjemalloc.so.2', debian: 'libjemalloc2', alpine: 'jemalloc', fedora: 'jemalloc' },
  { library: 'libMagickWand-6.Q16.so.6', debian: 'libmagickwand-6.q16-6', until: 12 },
  { library: 'libMagickWand-7.Q16.so.10', debian: 'libmagickwand-7.q16-10', since: 13 },
]

export type LibraryPackage =
  | { readonly tag: 'Package'; readonly name: string }
  /** This release has none: what was compiled against the library must be compiled against another version of it. */
  | { readonly tag: 'Gone' }
  | { readonly tag: 'Unknown' }

/**
 * What holds a library, as the system's installer takes it. Alpine's and Fedora's take the library itself, too, by what packages say they
 * provide (wiki.alpinelinux.org, "Apk spec"; docs.fedoraproject.org, "Automatic Provides").
 */
export function packageOf(library: string, system: PackageSystem, release: number | null): LibraryPackage {
  const known = libraryNames.find((each) => library === each.library || library.startsWith(`${each.library}.`))
  const isPlain = /^[\w.+-]+\.so(?:\.[\w.]+)?$/.test(library)
  switch (system) {
    case 'debian':
      if (known === undefined) return icuPackage(library)
      return isIn(known, release) ? { tag: 'Package', name: known.debian } : { tag: 'Gone' }
    case 'alpine':
      return isPlain ? { tag: 'Package', name: known?.alpine ?? `so:${library}` } : { tag: 'Unknown' }
    case 'fedora':
      return isPlain ? { tag: 'Package', name: known?.fedora ?? `${library}()(64bit)` } : { tag: 'Unknown' }
    case 'homebrew': {
      // `/opt/homebrew/opt/libpq/lib/libpq.5.dylib`: the folder is named after the formula.
      const formula = /^.*\/(?:opt|Cellar)\/([\w@.+-]+)\//.exec(library)?.[1]
      return formula === undefined ? { tag: 'Unknown' } : { tag: 'Package', name: formula }
    }
  }
}

/** ICU's libraries come in one package, with the version in its name. */
function icuPackage(library: string): LibraryPackage {
  const version = /^libicu(?:data|i18n|io|uc)\.so\.(\d+)/.exec(library)?.[1]
  return version === undefined ? { tag: 'Unknown' } : { tag: 'Package', name: `libicu${version}` }
}

/**
 * What Debian's package of a library may be called: after its soname (Debian Policy, 8.1; dpkg-shlibdeps' libpkg-guide), with the ending of the
 * change to 64-bit times.
 */
export function debianNames(library: string): string[] {
  const name = library
    .replace(/(\d)\.so\./, '$1-')
    .replace(/\.so(?:\.|$)/, '')
    .replaceAll('_', '-')
    .toLowerCase()
  return [name, `${name}t64`]
}

/** Whether a release of Debian has the package; of an unknown one, nothing speaks against it. */
export function isIn({ since = 0, until = Infinity }: LibraryNames, release: number | null): boolean {
  return release === null || (since <= release && release <= until)
}
