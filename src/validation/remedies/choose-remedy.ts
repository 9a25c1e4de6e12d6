import { posix } from 'node:path'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Mend } from '../observation.ts'
import { installTools } from './build-tools.ts'
import { obedientBundler, unfrozen, withBundler } from './bundler.ts'
import { asRoot, asWriter, ofGemFolder, ofRuby, quoted, typed } from './command-line.ts'
import { installLibrary } from './install-library.ts'
import { installRuby, reinstallRuby } from './install-ruby.ts'
import type { Place } from './place.ts'
import { restoreLock } from './restore-lock.ts'
import { installAnew, rebuildGem, reinstallOwner } from './rebuild-gem.ts'

/** Commands, to be typed in the app's folder in this order; a line that is no command is a sentence with a full stop. */
export function chooseRemedy(place: Place, gem: InstalledGem | null, mend: Mend): string[] {
  switch (mend.tag) {
    case 'Say':
      return mend.lines.flatMap((line) => adapt(place, gem, line))
    case 'Ruby':
      return installRuby(place, mend.wanted)
    case 'Reinstall':
      return reinstallRuby(place)
    case 'Library':
      return installLibrary(place, gem, mend)
    case 'Relink':
      return [asRoot(place, 'ldconfig')]
    case 'Permit':
      return [asWriter(place, posix.dirname(mend.path), `chmod a+rX ${typed(place, mend.path)}`)]
    case 'Lock':
      return restoreLock(place, mend.path)
    case 'Relock': {
      const changed = unfrozen(place, 'lock')
      return withBundler(place, ...(changed.length === 1 ? [] : changed), 'install')
    }
    case 'Bundler':
      // No Bundler writes an older version than the one that stands there.
      return [asWriter(place, posix.dirname(mend.path), `sed -i '/^BUNDLED WITH$/,$d' ${typed(place, mend.path)}`)]
    case 'Install':
      return withBundler(place, 'install')
    case 'Anew':
      return installAnew(place, mend)
    case 'SourceBuild':
      return gem === null ? [] : [...installTools(place, gem.name, place.bundled), ...buildFromSource(place, gem)]
    case 'Build':
      return gem === null ? [] : compiled(place, gem, buildGem(place, gem))
    case 'Rebuild':
      return gem === null ? [] : compiled(place, gem, rebuildGem(place, gem))
  }
}

/** What compiles comes behind what it takes; a precompiled gem, or one of a package, is fetched. */
function compiled(place: Place, gem: InstalledGem, lines: readonly string[]): string[] {
  const isFetched = gem.platform !== 'ruby' || !['gem', 'git', 'path'].includes(gem.origin) || reinstallOwner(place, gem) !== null
  return [...(isFetched || !gem.declaresExtensions ? [] : installTools(place, gem.name)), ...lines]
}

/** A line that was written without regard to the place. */
function adapt(place: Place, gem: InstalledGem | null, line: string): string[] {
  if (line.startsWith('mount ')) return [asRoot(place, line)]
  const [, command, name = ''] = /^bundle ((?:update (\S+)|lock .*))$/.exec(line) ?? []
  if (command === undefined) return [line]
  if (!place.bundled) return name === '' ? [] : updateAlone(place, gem, name)
  const changed = unfrozen(place, name === '' ? command : `lock --update ${name}`)
  return changed.length === 1 ? withBundler(place, command) : withBundler(place, ...changed, 'install')
}

/** RubyGems leaves the older version where it is, and whoever asks for it, or for less, still gets it. */
function updateAlone(place: Place, gem: InstalledGem | null, name: string): string[] {
  if (gem === null) return [ofRuby(place, `gem update ${name}`)]
  const older = `gem uninstall ${quoted(name)} --version ${quoted(gem.version)} --ignore-dependencies --executables`
  return [`gem update ${quoted(name)}`, older].map((line) => ofGemFolder(place, gem.home, line))
}

/** Bundler doesn't see a gem that is not built: `bundle pristine` fails, `bundle install` builds it. */
function buildGem(place: Place, gem: InstalledGem): string[] {
  return place.bundled && gem.origin === 'gem' ? (reinstallOwner(place, gem) ?? withBundler(place, 'install')) : rebuildGem(place, gem)
}

/** Takes the gem's source instead of the precompiled one that the lock, or RubyGems itself, prefers. */
function buildFromSource(place: Place, { name, version, platform, home }: InstalledGem): string[] {
  if (place.bundled) {
    // The lock learns of the source gem first: `bundle install` of a frozen bundle goes on without a word, and installs nothing new.
    const locked = unfrozen(place, 'lock --add-platform ruby')
    return [...obedientBundler(place), ...withBundler(place, 'config set --local force_ruby_platform true', ...locked, 'install')]
  }
  const words = [quoted(name), '--version', quoted(version)].join(' ')
  return [
    `gem uninstall ${words} --platform ${quoted(platform)} --ignore-dependencies --executables`,
    `gem install ${words} --platform ruby`,
  ].map((line) => ofGemFolder(place, home, line))
}
