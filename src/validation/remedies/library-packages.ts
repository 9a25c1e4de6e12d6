export type PackageSystem = 'debian' | 'alpine' | 'fedora' | 'homebrew'

/**
 * Packages that hold a library, by the beginning of its file name: Debian 11 to 13 (packages.debian.org), Alpine 3.20 (pkgs.alpinelinux.org),
 * Fedora 42 (packages.fedoraproject.org), Homebrew (formulae.brew.sh). Where Debian's name follows the version, the version is part of the key.
 */
const packages: readonly (readonly [string, Readonly<Record<PackageSystem, string>>])[] = [
  ['libpq.so.5', { debian: 'libpq5', alpine: 'libpq', fedora: 'libpq', homebrew: 'libpq' }],
  [
    'libmariadb.so.3',
    { debian: 'libmariadb3', alpine: 'mariadb-connector-c', fedora: 'mariadb-connector-c', homebrew: 'mariadb-connector-c' },
  ],
  ['libsqlite3.so.0', { debian: 'libsqlite3-0', alpine: 'sqlite-libs', fedora: 'sqlite-libs', homebrew: 'sqlite' }],
  ['libyaml-0.so.2', { debian: 'libyaml-0-2', alpine: 'yaml', fedora: 'libyaml', homebrew: 'libyaml' }],
  ['libxml2.so.2', { debian: 'libxml2', alpine: 'libxml2', fedora: 'libxml2', homebrew: 'libxml2' }],
  ['libxslt.so.1', { debian: 'libxslt1.1', alpine: 'libxslt', fedora: 'libxslt', homebrew: 'libxslt' }],
  ['libexslt.so.0', { debian: 'libxslt1.1', alpine: 'libxslt', fedora: 'libxslt', homebrew: 'libxslt' }],
  ['libffi.so.8', { debian: 'libffi8', alpine: 'libffi', fedora: 'libffi', homebrew: 'libffi' }],
  ['libffi.so.7', { debian: 'libffi7', alpine: 'libffi', fedora: 'libffi', homebrew: 'libffi' }],
  ['libssl.so.3', { debian: 'libssl3', alpine: 'libssl3', fedora: 'openssl-libs', homebrew: 'openssl@3' }],
  ['libcrypto.so.3', { debian: 'libssl3', alpine: 'libcrypto3', fedora: 'openssl-libs', homebrew: 'openssl@3' }],
  ['libssl.so.1.1', { debian: 'libssl1.1', alpine: 'openssl1.1-compat', fedora: 'openssl1.1', homebrew: 'openssl@1.1' }],
  ['libcrypto.so.1.1', { debian: 'libssl1.1', alpine: 'openssl1.1-compat', fedora: 'openssl1.1', homebrew: 'openssl@1.1' }],
  ['libgmp.so.10', { debian: 'libgmp10', alpine: 'gmp', fedora: 'gmp', homebrew: 'gmp' }],
  ['libvips.so.42', { debian: 'libvips42', alpine: 'vips', fedora: 'vips', homebrew: 'vips' }],
  ['libcurl.so.4', { debian: 'libcurl4', alpine: 'libcurl', fedora: 'libcurl', homebrew: 'curl' }],
  ['libreadline.so.8', { debian: 'libreadline8', alpine: 'readline', fedora: 'readline', homebrew: 'readline' }],
  ['libz.so.1', { debian: 'zlib1g', alpine: 'zlib', fedora: 'zlib-ng-compat', homebrew: 'zlib' }],
  ['libstdc++.so.6', { debian: 'libstdc++6', alpine: 'libstdc++', fedora: 'libstdc++', homebrew: 'gcc' }],
  ['libgcc_s.so.1', { debian: 'libgcc-s1', alpine: 'libgcc', fedora: 'libgcc', homebrew: 'gcc' }],
  ['libgssapi_krb5.so.2', { debian: 'libgssapi-krb5-2', alpine: 'krb5-libs', fedora: 'krb5-libs', homebrew: 'krb5' }],
  ['libsodium.so.23', { debian: 'libsodium23', alpine: 'libsodium', fedora: 'libsodium', homebrew: 'libsodium' }],
  ['libgeos_c.so.1', { debian: 'libgeos-c1v5', alpine: 'geos', fedora: 'geos', homebrew: 'geos' }],
  ['libjemalloc.so.2', { debian: 'libjemalloc2', alpine: 'jemalloc', fedora: 'jemalloc', homebrew: 'jemalloc' }],
  [
    'libMagickWand-6.Q16.so.6',
    { debian: 'libmagickwand-6.q16-6', alpine: 'imagemagick6-libs', fedora: 'ImageMagick-libs', homebrew: 'imagemagick@6' },
  ],
]

/**
 * The package that holds a library, as its system's installer takes it; null when nobody can tell. Alpine's and Fedora's installers
 * also take the library itself, by what packages say they provide (wiki.alpinelinux.org, "Apk spec"; docs.fedoraproject.org, "Automatic Provides").
 */
export function packageOf(library: string, system: PackageSystem): string | null {
  const known = packages.find(([prefix]) => library === prefix || library.startsWith(`${prefix}.`))?.[1][system]
  if (known !== undefined) return known
  // `/opt/homebrew/opt/libpq/lib/libpq.5.dylib`: the folder is named after the formula.
  if (system === 'homebrew') return /^.*\/(?:opt|Cellar)\/([\w@.+-]+)\//.exec(library)?.[1] ?? null
  if (!/^[\w.+-]+\.so(?:\.[\w.]+)?$/.test(library)) return null
  if (system === 'alpine') return `so:${library}`
  return system === 'fedora' ? `${library}()(64bit)` : null
}

/** Which packages a system has, by `ID` and `ID_LIKE` of its os-release(5). */
export function packageSystemOf(osRelease: string | null, extensionSuffix: string): PackageSystem | null {
  if (extensionSuffix === 'bundle') return 'homebrew'
  const ids = [...(osRelease ?? '').matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, value = '']) => value.split(' '))
  if (ids.includes('debian') || ids.includes('ubuntu')) return 'debian'
  if (ids.includes('alpine')) return 'alpine'
  return ids.includes('fedora') || ids.includes('rhel') ? 'fedora' : null
}
