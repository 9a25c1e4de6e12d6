/** Whether a Ruby version meets all parts (`~> 3.1`, `>= 2.7`, `3.1.2`), as `Gem::Requirement` has it; null when one can't be understood. */
export async function meetsRequirement(version: string, parts: readonly string[]): Promise<boolean | null> {
  // Loaded only when something asks: most gems of most bundles say no more than a lower bound.
  const bounds = parts.map((part) => /^>=\s*(\d+(?:\.\d+)*)$/.exec(part)?.[1])
  if (bounds.every((bound) => bound !== undefined)) return bounds.every((bound) => compare(version, bound) >= 0)
  const { satisfies, valid } = await import('@renovatebot/ruby-semver')
  const operands = parts.map((part) => part.replace(/^[<>=!~\s]+/, ''))
  if (operands.some((operand) => valid(operand) === null)) return null
  return satisfies(version, parts.map((part) => part.replace(/^([<>=!~]+)\s*/, '$1 ')).join(', '))
}

function compare(one: string, other: string): number {
  const [left, right] = [one.split('.').map(Number), other.split('.').map(Number)]
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
