import { posix } from 'node:path'
import { quoteWord } from '../../formats/shell-words/quote-word.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Mend } from '../observation.ts'
import { installCommand, type PackageSystem } from './library-packages.ts'

/** The place that a remedy must work in. */
export interface Place {
  readonly tree: FileTree
  readonly appPath: string
  /** The app has a Gemfile.lock, so Bundler installs its gems. */
  readonly bundled: boolean
  readonly packages: PackageSystem | null
}

/** Commands, to be typed in the app's folder in this order; a line that is no command is a sentence with a full stop. */
export function chooseRemedy(place: Place, gem: InstalledGem | null, mend: Mend): string[] {
  switch (mend.tag) {
    case 'Say':
      return [...mend.lines]
    case 'Ruby':
      return [`Run the app with Ruby ${mend.wanted}, or change what asks for it.`]
    case 'Library': {
      const command = place.packages === null ? null : installCommand(mend.name, place.packages)
      return [command ?? `Install the package that holds ${mend.name}.`]
    }
    case 'Install':
      return ['bundle install']
    case 'SourceBuild':
      return place.bundled
        ? ['bundle config set --local force_ruby_platform true', 'bundle install']
        : [`gem install ${gem?.name ?? ''} --version ${gem?.version ?? ''} --platform ruby --force`]
    case 'Build':
      // Bundler doesn't see a gem that is not built: `bundle pristine` fails, `bundle install` builds it.
      return place.bundled && gem?.origin === 'gem' ? ['bundle install'] : gem === null ? [] : rebuild(place, gem)
    case 'Rebuild':
      return gem === null ? [] : rebuild(place, gem)
  }
}

function rebuild({ tree, bundled, appPath }: Place, gem: InstalledGem): string[] {
  switch (gem.origin) {
    case 'git':
      return [`bundle pristine ${gem.name}`]
    case 'path':
      return [`Compile ${gem.name} again in ${tree.shown(gem.folder)}, with its own task (mostly: bundle exec rake compile).`]
    case 'package':
      return [`apt-get install --reinstall -y ruby-${gem.name.replaceAll('_', '-').toLowerCase()}`]
    case 'default':
      return ['Install Ruby itself anew: the extension is part of it.']
    case 'gem': {
      if (!bundled) return [`gem pristine ${gem.name} --version ${gem.version}`]
      const cached = tree.facts(posix.join(gem.home, 'cache', `${gem.fullName}.gem`)) !== null
      if (cached) return [`bundle pristine ${gem.name}`]
      // Without the packed gem neither `bundle pristine` nor `bundle install --redownload` fetches it again (Bundler 2.3); a gem that is not there is fetched.
      return [`rm ${quoteWord(relative(appPath, gem.specPath))}`, 'bundle install']
    }
  }
}

function relative(from: string, to: string): string {
  return to.startsWith(`${from}/`) ? to.slice(from.length + 1) : to
}
