/** Symbols and strings at the beginning of some arguments, or a list of words; null when none stands there, or more than these. */
export function namesIn(text: string): readonly string[] | null {
  if (text.includes('*')) return null
  const words = /^%[iw]\[([^\]]*)\]?/.exec(text)?.[1]
  if (words !== undefined) return words.split(/\s+/).filter((word) => word !== '')
  const [listed = ''] = /^(?:[ \t]*(?::\w+|"\w+"|'\w+'|:"\w+")[ \t]*(?:,|(?=[)\]]|$)))+/.exec(text) ?? []
  const names = [...listed.matchAll(/\w+/g)].map(([name]) => name)
  return names.length === 0 ? null : names
}
