/** A gem that another needs to run. */
export interface Dependency {
  readonly name: string
  /** Parts of a `Gem::Requirement`, as written: `~> 1.15`, `>= 1.15.7`; all of them hold. */
  readonly requirement: readonly string[]
}

const maxCharacters = 1024 * 1024
const stub = /^# stub: \S+ \S+ \S+ /m
const stubWithin = 4_096
const added = /^[ \t]*\w+\.add_(?:runtime_)?dependency\(%q<([^>\n]+)>(?:\.freeze)?, \[([^\]\n]*)\]\)/gm

/**
 * What an installed gem needs, from its specification as RubyGems writes it (Specification#to_ruby): until RubyGems 3.4 in two branches, of
 * which the one for ancient versions, behind `else`, has those for development among them. Null for a specification written by hand.
 */
export function readDependencies(text: string): Dependency[] | null {
  const head = text.slice(0, maxCharacters)
  if (!stub.test(head.slice(0, stubWithin))) return null
  const branch = /^[ \t]*else\b/m.exec(head)?.index ?? head.length
  return [...head.slice(0, branch).matchAll(added)].map(([, name = '', parts = '']) => ({
    name,
    requirement: [...parts.matchAll(/"([^"]*)"/g)].map(([, part = '']) => part),
  }))
}
