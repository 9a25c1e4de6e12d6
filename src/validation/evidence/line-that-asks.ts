const rescue = /^([ \t]*)rescue\b.*\b(?:LoadError|ScriptError|Exception)\b/gm

/**
 * The line of a script, from 1, that loads what `asks` recognizes; null when there is none, or when the script may know another way, because
 * it rescues the LoadError. `pattern` is global; its groups are the indentation, the quote, and the feature or path.
 */
export function lineThatAsks(text: string, pattern: RegExp, asks: (feature: string) => boolean): number | null {
  const match = [...text.matchAll(pattern)].find(([, , , feature = '']) => asks(feature))
  if (match === undefined || isRescued(text.slice(match.index), match[1]?.length ?? 0)) return null
  return text.slice(0, match.index).split('\n').length
}

/** A rescue that belongs to a line stands behind it, and no deeper. */
function isRescued(rest: string, depth: number): boolean {
  return [...rest.matchAll(rescue)].some(([, indent = '']) => indent.length <= depth)
}
