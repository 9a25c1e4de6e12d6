import { posix } from 'node:path'
import { readGemspec } from '../../formats/gemspec/read-gemspec.ts'
import { glob } from '../files/glob.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { splitFullName } from '../gems/full-name.ts'
import { packageOfGem } from '../gems/packaged-gem.ts'
import { withBundler } from './bundler.ts'
import { asWriter, ofGemFolder, ofRuby, quoted, typed } from './command-line.ts'
import { reinstallPackage } from './install-package.ts'
import { reinstallRuby } from './install-ruby.ts'
import type { Place } from './place.ts'

/** Compiles a gem again for the judged Ruby, in the way in which it came. */
export function rebuildGem(place: Place, gem: InstalledGem): string[] {
  const packaged = reinstallOwner(place, gem)
  if (packaged !== null) return packaged
  switch (gem.origin) {
    case 'git':
      return isCheckedOut(gem) ? withBundler(place, `pristine ${quoted(gem.name)}`) : rebuildCached(place, gem)
    case 'path':
      return compileInPlace(place, gem)
    case 'package':
      return [`Install the package that holds ${gem.name} ${gem.version} anew.`]
    case 'default':
      return reinstallRuby(place)
    case 'gem':
      return place.bundled
        ? rebuildBundled(place, gem)
        : [ofGemFolder(place, gem.home, `gem pristine ${quoted(gem.name)} --version ${quoted(gem.version)}`)]
  }
}

/** For a gem that a package of the distribution delivered; null for all others. */
export function reinstallOwner(place: Place, gem: Pick<InstalledGem, 'name' | 'fullName' | 'specPath' | 'origin'>): string[] | null {
  const { tree } = place
  const system = place.system.packages
  if (system === null || system === 'homebrew' || gem.origin === 'default') return null
  const owner = packageOfGem(tree, gem, system)
  return owner === null ? null : reinstallPackage(place, system, quoted(owner))
}

function rebuildBundled(place: Place, { name, fullName, home, specPath }: InstalledGem): string[] {
  const isCached = place.tree.kind(posix.join(home, 'cache', `${fullName}.gem`)) !== null
  const own = (line: string) => asWriter(place, home, line)
  if (isCached) return withBundler(place, `pristine ${quoted(name)}`).map(own)
  // Without the packed gem neither `pristine` nor `bundle install --redownload` fetches it again (Bundler 2.3); a gem that is not there is fetched.
  return [own(`rm ${typed(place, specPath)}`), ...withBundler(place, 'install').map(own)]
}

/** Installs a gem whose specification tells nothing: what is not there is fetched, what is there in part is in the way. */
export function installAnew(place: Place, { name, specPath }: { readonly name: string; readonly specPath: string }): string[] {
  const fullName = posix.basename(specPath, '.gemspec')
  const packaged = reinstallOwner(place, { name, fullName, specPath, origin: 'gem' })
  if (packaged !== null) return packaged
  const home = posix.resolve(specPath, '../..')
  const own = (line: string) => asWriter(place, home, line)
  const version = splitFullName(fullName)?.version ?? ''
  const install = place.bundled
    ? withBundler(place, 'install').map(own)
    : [ofGemFolder(place, home, `gem install ${quoted(name)} --version ${quoted(version)}`)]
  return [own(`rm ${typed(place, specPath)}`), ...install]
}

function isCheckedOut({ extensionsRoot }: InstalledGem): boolean {
  return extensionsRoot?.endsWith('/bundler/gems/extensions') === true
}

/** Of a Git source in `vendor/cache` Bundler compiles what bears no mark of a finished build; `pristine` leaves it as it is (lib/bundler/source/git.rb). */
function rebuildCached(place: Place, { extensionsRoot, fullName }: InstalledGem): string[] {
  const mark = `*/${place.runtime.extensionAbi}/${fullName}/gem.build_complete`
  const marks = extensionsRoot === null ? [] : glob(place.tree, extensionsRoot, mark)
  return [...marks.map((path) => `rm ${typed(place, path)}`), ...withBundler(place, 'install')]
}

/**
 * Bundler never compiles the gems of a `path:` source. Where the gemspec names its extensions, they are built as RubyGems does it
 * (lib/rubygems/ext/ext_conf_builder.rb): the folder that gets the file is given to make as a relative path, for make knows no spaces.
 */
function compileInPlace(place: Place, gem: InstalledGem): string[] {
  const gemspec = readGemspec(place.tree.text(gem.specPath) ?? '')
  const scripts = 'tag' in gemspec ? [] : gemspec.extensions.filter((file) => posix.basename(file) === 'extconf.rb')
  const target = gem.requireFolders[0]
  if (scripts.length === 0 || target === undefined)
    return [`Compile ${gem.name} again in ${place.tree.shown(gem.folder)}, with its own task (mostly: bundle exec rake compile).`]
  return scripts.map((script) => {
    const folder = posix.dirname(posix.join(gem.folder, script))
    const lib = quoted(posix.relative(folder, target))
    const steps = [
      `cd ${typed(place, folder)}`,
      ofRuby(place, 'ruby extconf.rb'),
      'make clean',
      `make install sitearchdir=${lib} sitelibdir=${lib}`,
    ]
    return `(${steps.join(' && ')})`
  })
}
