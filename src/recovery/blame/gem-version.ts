/** Compares two versions as `Gem::Version` does: numbers by value, a letter segment (a prerelease) before any number. */
export function compareVersions(a: string, b: string): number {
  const left = segments(a)
  const right = segments(b)
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const x = left[at] ?? 0
    const y = right[at] ?? 0
    if (x === y) continue
    if (typeof x === 'number' && typeof y === 'number') return x < y ? -1 : 1
    if (typeof x === 'string' && typeof y === 'string') return x < y ? -1 : 1
    return typeof x === 'string' ? -1 : 1
  }
  return 0
}

/** Whether a version meets a requirement such as `>= 1.5.0, < 1.5.3` or `1.76.0`; alternatives are parted by `||`. */
export function meetsRequirement(version: string, requirement: string): boolean {
  return requirement.split('||').some((all) =>
    all.split(',').every((part) => {
      const found = /^\s*(>=|<=|>|<|=|!=)?\s*(\S+)\s*$/.exec(part)
      if (found?.[2] === undefined) return false
      const order = compareVersions(version, found[2])
      switch (found[1] ?? '=') {
        case '>=':
          return order >= 0
        case '<=':
          return order <= 0
        case '>':
          return order > 0
        case '<':
          return order < 0
        case '!=':
          return order !== 0
        default:
          return order === 0
      }
    }),
  )
}

function segments(version: string): (number | string)[] {
  return (version.match(/\d+|[a-z]+/gi) ?? []).map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}
