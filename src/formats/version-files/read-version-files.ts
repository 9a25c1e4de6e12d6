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

/** What the Gemfile's `ruby` line asks for. */
export type GemfileRuby =
  | { readonly tag: 'Requirement'; readonly parts: readonly string[]; readonly line: number }
  | { readonly tag: 'File'; readonly path: string; readonly line: number }
  /** Computed by Ruby code: only Ruby itself can tell. */
  | { readonly tag: 'Computed'; readonly line: number }
  | { readonly tag: 'Absent' }

/** Reads the `ruby` line of a Gemfile as far as it is plain text (Bundler's lib/bundler/ruby_dsl.rb). */
export function readGemfileRuby(text: string): GemfileRuby {
  for (const [index, line] of text
    .slice(0, 1024 * 1024)
    .split('\n')
    .entries()) {
    const rest = /^[ \t]*ruby(?:[ \t]+|[ \t]*\([ \t]*)(.*)$/.exec(line.replace(/[ \t]#.*$/, ''))?.[1]
    if (rest === undefined || rest.startsWith('=')) continue
    const number = index + 1
    const file = /^(?::file[ \t]*=>|file:)[ \t]*["']([^"']+)["']/.exec(rest)?.[1]
    if (file !== undefined) return { tag: 'File', path: file, line: number }
    const parts = /^\[?[ \t]*((?:["'][^"'#]*["'][ \t]*,?[ \t]*)+)/.exec(rest)?.[1]
    if (parts === undefined) return { tag: 'Computed', line: number }
    return { tag: 'Requirement', parts: [...parts.matchAll(/["']([^"']+)["']/g)].map(([, part = '']) => part.trim()), line: number }
  }
  return { tag: 'Absent' }
}
