import { posix } from 'node:path'
import { readRubyVersionFile } from '../../formats/version-files/read-version-files.ts'
import { wantedVersion } from '../runtime/find-ruby.ts'
import { asWriter, quoted } from './command-line.ts'
import type { PackageSystem } from './library-packages.ts'
import { reinstallPackage } from './install-package.ts'
import type { Place } from './place.ts'

/** Puts another Ruby in force. `wanted` is a version, or a requirement such as `~> 3.3`. */
export function installRuby(place: Place, wanted: string): string[] {
  const exact = /^(?:= ?)?(\d+\.\d+\.\d+)$/.exec(wanted)?.[1]
  // `~> 3.3.1` asks for 3.3, `~> 3.3` and `>= 3.3.1` for 3.3 at the least: the newest of that line serves all.
  const line = exact ?? /^(?:(?:~>|>=) ?)?(\d+\.\d+)(?:\.\d+)?$/.exec(wanted)?.[1]
  // The other Ruby has a Bundler of its own.
  const gems = place.bundled ? ['bundle install'] : []
  switch (place.manager.tag) {
    case 'rbenv':
      return exact === undefined
        ? [`Install a Ruby that meets "${wanted}" with rbenv install, and choose it with rbenv local.`]
        : [`rbenv install --skip-existing ${exact}`, `rbenv local ${exact}`, ...gems]
    case 'asdf': {
      if (line === undefined) break
      const version = exact ?? `latest:${line}`
      return [`asdf install ruby ${version}`, `asdf ${place.manager.chooses} ruby ${version}`, ...otherFile(place, line), ...gems]
    }
    case 'mise':
      if (line === undefined) break
      return [`mise use ruby@${line}`, ...otherFile(place, line), ...gems]
    // These two choose by a function of the shell: no command that bezel could run changes the shell it was started from.
    case 'chruby':
      if (line === undefined) break
      return [inShell(`ruby-install --rubies-dir ${quoted(place.manager.rubies)} ruby ${line}`, `chruby ${line}`, gems)]
    case 'rvm':
      if (line === undefined) break
      return [inShell(`rvm install ${line}`, `rvm use ${line}`, gems)]
    case 'image':
      if (line === undefined) break
      return [`Make the image from another base: FROM ruby:${line}, where ruby:${place.runtime.version} stands.`]
    case 'packages':
    case 'unknown':
  }
  return [`Run the app with Ruby ${wanted}, or change what asks for it.`]
}

/** asdf and mise write into files of their own, and may not read this one: what it says would be the next finding. */
function otherFile({ tree, appPath }: Place, version: string): string[] {
  const said = readRubyVersionFile(tree.text(posix.join(appPath, '.ruby-version')) ?? '')
  return said === null || `${said}.`.startsWith(`${version}.`) ? [] : [`echo ${version} > .ruby-version`]
}

function inShell(install: string, choose: string, then: readonly string[]): string {
  const rest = then.map((command) => `, then type "${command}"`).join('')
  return `Install it with "${install}", choose it in a new shell with "${choose}"${rest}.`
}

/** Repairs the Ruby that is there, or installs the one that the app's version file asks its manager for. */
export function reinstallRuby(place: Place): string[] {
  const { manager, runtime, tree, appPath } = place
  const wanted = wantedVersion(tree, appPath)
  const version = wanted !== null && /^\d+\.\d+\.\d+$/.test(wanted) ? wanted : runtime.version
  switch (manager.tag) {
    case 'rbenv':
      return [`rbenv install --force ${version}`]
    case 'asdf':
      return [`asdf uninstall ruby ${version}`, `asdf install ruby ${version}`]
    case 'mise':
      return [`mise install --force ruby@${version}`]
    case 'chruby':
      return [asWriter(place, manager.rubies, `ruby-install --install-dir ${quoted(ownFolder(manager.rubies, runtime))} ruby ${version}`)]
    case 'rvm':
      return [`rvm reinstall ${version}`]
    case 'image':
      return [`Build the image anew FROM ruby:${runtime.version}: its Ruby is damaged.`]
    case 'packages':
      return reinstallPackage(place, manager.system, ownPackages(runtime, manager.system))
    case 'unknown':
      return [`Install Ruby ${runtime.version} anew.`]
  }
}

/** The folder of the judged Ruby among those of chruby. */
function ownFolder(rubies: string, { rubyPath, version }: Place['runtime']): string {
  const folder = posix.resolve(rubyPath, '../..')
  return folder.startsWith(`${rubies}/`) ? folder : posix.join(rubies, `ruby-${version}`)
}

function ownPackages({ minor, rubyPath }: Place['runtime'], system: PackageSystem): string {
  switch (system) {
    case 'debian':
      return `ruby${minor} libruby${minor}`
    case 'alpine':
    case 'fedora':
      return 'ruby ruby-libs'
    case 'homebrew':
      return /\/(?:Cellar|opt)\/(ruby(?:@[\d.]+)?)\//.exec(rubyPath)?.[1] ?? 'ruby'
  }
}
