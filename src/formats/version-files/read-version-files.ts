import { readMiseToml } from './read-mise-toml.ts'
import { rubyOf } from './ruby-of.ts'

/** Ruby version of a `.ruby-version` (rbenv, chruby, mise, RVM): `3.1.2`, `ruby-3.1.2`; null for another engine or none. */
export function readRubyVersionFile(text: string): string | null {
  const line = text
    .slice(0, 4_096)
    .split('\n')
    .map((each) => each.trim())
    .find((each) => each !== '' && !each.startsWith('#'))
  return line === undefined ? null : rubyOf(line)
}

/** Ruby version of a `.tool-versions` (asdf, mise): the first of the `ruby` line. */
export function readToolVersions(text: string): string | null {
  const line = /^[ \t]*ruby[ \t]+(\S+)/m.exec(text.slice(0, 64 * 1024))?.[1]
  return line === undefined ? null : rubyOf(line)
}

/** Ruby version of the file of a Gemfile's `ruby file:`, whichever of the three it is (Bundler's lib/bundler/ruby_dsl.rb). */
export function readAskedVersion(text: string): string | null {
  return readMiseToml(text) ?? readToolVersions(text) ?? readRubyVersionFile(text)
}
