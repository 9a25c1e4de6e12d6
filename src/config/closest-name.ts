/** The known name that was most likely meant, or null when none is near: at most a third of its letters wrong. */
export function closestName(given: string, known: Iterable<string>): string | null {
  let best: string | null = null
  let bestDistance = Infinity
  for (const name of known) {
    const distance = editDistance(given.slice(0, 64).toLowerCase(), name.toLowerCase())
    if (distance < bestDistance && distance <= Math.max(1, Math.floor(name.length / 3))) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** Optimal string alignment distance: insert, delete, replace, swap of two neighbours cost 1 each. */
function editDistance(a: string, b: string): number {
  let older: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(older, j - 2) + 1 : Infinity
      current.push(Math.min(replaced, at(previous, j) + 1, at(current, j - 1) + 1, swapped))
    }
    older = previous
    previous = current
  }
  return at(previous, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
