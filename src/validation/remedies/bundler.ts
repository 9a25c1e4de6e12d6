import { posix } from 'node:path'
import { readBundlerConfig } from '../../formats/bundler-config/read-bundler-config.ts'
import { readBundleSettings } from '../gems/app-bundle.ts'
import { BundlerLevels } from '../gems/bundler-levels.ts'
import { bundlerInForce, isBefore, obeysForce } from '../gems/installed-bundlers.ts'
import { asRoot, ofRuby } from './command-line.ts'
import { installPackage } from './install-package.ts'
import type { Place } from './place.ts'

/** Commands of the judged Ruby's Bundler, each without the word `bundle`; where it has none, that comes first. */
export function withBundler(place: Place, ...commands: readonly string[]): string[] {
  const { name, first } = findBundler(place)
  const { lost } = place.typist
  // Settings are the same wherever the gems are.
  const where = (command: string) =>
    [lost.config, command.startsWith('config ') ? null : lost.gems].flatMap((each) => (each === null ? [] : [`${each} `])).join('')
  return [...first, ...commands.map((command) => where(command) + ofRuby(place, `${name} ${command}`))]
}

/** Debian's Ruby comes with `bundle3.1`; the plain name is in a package of its own. */
function findBundler(place: Place): { readonly name: string; readonly first: readonly string[] } {
  const { tree, runtime, typist, manager } = place
  // Beside this Ruby first, where `ruby` is another one to the shell: its `bundle` may be that one's.
  const own = posix.dirname(runtime.rubyPath)
  const folders = typist.typesJudgedRuby === true ? [...typist.path, own] : [own, ...typist.path]
  const names = folders.flatMap((folder) => ['bundle', `bundle${runtime.minor}`].map((each) => posix.join(folder, each)))
  const found = names.find((path) => tree.kind(path) !== null)
  if (found !== undefined) return { name: posix.basename(found), first: [] }
  if (manager.tag === 'packages' && manager.system === 'debian')
    return { name: 'bundle', first: installPackage(place, 'debian', 'bundler') }
  const install = ofRuby(place, 'gem install bundler')
  return { name: 'bundle', first: [typist.mayWrite(posix.dirname(runtime.rubyPath)) ? install : asRoot(place, install)] }
}

/**
 * Commands that change the lock, between those that allow it and those that forbid it again: a frozen bundle refuses every change, and the
 * app's own setting counts more than the environment's (lib/bundler/settings.rb).
 */
export function unfrozen(place: Place, ...commands: readonly string[]): string[] {
  const { tree, appPath, typist } = place
  const folder = readBundleSettings(tree, appPath, typist.env).configFolder
  const own = readBundlerConfig(tree.text(posix.join(folder, 'config')) ?? '')
  const levels = new BundlerLevels(tree, folder, typist.env)
  const frozen = ['frozen', 'deployment'].flatMap((name) => {
    const key = `BUNDLE_${name.toUpperCase()}`
    if (!levels.isOn(key)) return []
    return [{ name, back: own.has(key) ? `config set --local ${name} true` : `config unset --local ${name}` }]
  })
  return [...frozen.map(({ name }) => `config set --local ${name} false`), ...commands, ...frozen.map(({ back }) => back)]
}

/** The last that runs on Ruby 2.7 and 3.0, which came with those before. */
const lastForOldRubies = '2.4.22'

/** A Bundler that takes source gems when it is told to: older ones install the precompiled gem all the same, or none. */
export function obedientBundler(place: Place): string[] {
  const { tree, runtime, typist } = place
  const bundler = bundlerInForce(tree, null, runtime)
  if (bundler === null || !isBefore(bundler, obeysForce)) return []
  const install = ofRuby(place, `gem install bundler --version ${lastForOldRubies}`)
  return [typist.mayWrite(posix.dirname(runtime.rubyPath)) ? install : asRoot(place, install)]
}
