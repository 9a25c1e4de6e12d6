/** What a Gemfile leads to. Paths are as written, relative to its own folder. */
export interface Surroundings {
  evaluated(path: string): { readonly text: string; readonly around: Surroundings } | null
  /** The texts of the gemspecs in a folder. */
  gemspecs(folder: string): readonly string[]
}

/** A Gemfile without any other file. */
export const alone: Surroundings = { evaluated: () => null, gemspecs: () => [] }

/** The file that `eval_gemfile` names, as far as its argument is plain; null when it is computed. */
export function evaluatedPath(statement: string): string | null {
  const [, argument] = /^eval_gemfile[ \t(]+(.*?)[ \t)]*$/.exec(statement) ?? []
  if (argument === undefined) return null
  const plain = /^(?:"(?:#\{__dir__\}\/)?([^"#]+)"|'([^']+)')$/.exec(argument)
  if (plain !== null) return plain[1] ?? plain[2] ?? null
  const joined = /^File\.join\([ \t]*__dir__((?:[ \t]*,[ \t]*["'][^"'#]+["'])+)$/.exec(argument)?.[1]
  if (joined !== undefined) return [...joined.matchAll(/["']([^"']+)["']/g)].map(([, part = '']) => part).join('/')
  const [, expanded, from] = /^File\.expand_path\([ \t]*["']([^"'#]+)["'][ \t]*,[ \t]*(__dir__|__FILE__)$/.exec(argument) ?? []
  return from === '__FILE__' ? (expanded?.replace(/^\.\.\//, '') ?? null) : (expanded ?? null)
}

/** The `gem` statements that `gemspec` stands for (Bundler's lib/bundler/dsl.rb); those for development only are told apart. */
export function gemspecGems(statement: string, around: Surroundings): { readonly text: string; readonly group: string | null }[] {
  const [, options] = /^gemspec\b(?![ \t]*[=.])(.*)$/.exec(statement) ?? []
  if (options === undefined) return []
  const folder = /\bpath(?::|[ \t]*=>)[ \t]*["']([^"'#]+)["']/.exec(options)?.[1] ?? '.'
  const group = /\bdevelopment_group(?::|[ \t]*=>)[ \t]*:(\w+)/.exec(options)?.[1] ?? 'development'
  return around.gemspecs(folder).flatMap((text) => {
    const own = /\.name[ \t]*=[ \t]*["']([^"'#]+)["']/.exec(text)?.[1]
    const needs = [...text.matchAll(/^[ \t]*\w+\.add_development_dependency[ \t(]+["']([^"'#\n]+)["']/gm)]
    return [
      ...(own === undefined ? [] : [{ text: `gem "${own}", path: "${folder}"`, group: null }]),
      ...needs.map(([, name = '']) => ({ text: `gem "${name}"`, group })),
    ]
  })
}
