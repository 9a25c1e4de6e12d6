/** The version that a word names (`3.1.2`, `ruby-3.1.2`, RVM's `ruby-3.1.2@gemset`); null for another engine, or for none. */
export function rubyOf(word: string): string | null {
  return /^(?:ruby-)?(\d+(?:\.\d+)*(?:[.-]?(?:preview|rc|pre|dev)\d*)?)(?:-?p\d+)?(?:@.*)?$/.exec(word)?.[1] ?? null
}
