import { closestName } from './closest-name.ts'
import { optionNames } from './options-table.ts'

/** What to say of a key that is no option: the one that was probably meant, else those that are known there. */
export function describeUnknownOption(name: string): string {
  const dot = name.lastIndexOf('.')
  const parent = dot < 0 ? null : name.slice(0, dot)
  const leaf = name.slice(dot + 1)
  const siblings = [...new Set(optionNames.flatMap((option) => childOf(option, parent) ?? []))]
  const near = closestName(leaf, siblings)
  const meant = near !== null ? join(parent, near) : (elsewhere(leaf) ?? closestName(name, optionNames))
  if (meant !== null) return `${name} is not an option; did you mean ${meant}?`
  return parent === null
    ? `${name} is not an option; known are ${siblings.join(', ')}`
    : `${name} is not an option; ${parent} knows ${siblings.join(', ')}`
}

/** `port`, or `port` below `workers`: the one option that has this last word. */
function elsewhere(leaf: string): string | null {
  const same = optionNames.filter((option) => option.endsWith(`.${leaf.toLowerCase().replaceAll('-', '_')}`))
  return same.length === 1 ? (same[0] ?? null) : null
}

/** The name directly below `parent`; null: it stands elsewhere. */
function childOf(option: string, parent: string | null): string | null {
  if (parent === null) return option.split('.')[0] ?? null
  return option.startsWith(`${parent}.`) ? (option.slice(parent.length + 1).split('.')[0] ?? null) : null
}

function join(parent: string | null, leaf: string): string {
  return parent === null ? leaf : `${parent}.${leaf}`
}
