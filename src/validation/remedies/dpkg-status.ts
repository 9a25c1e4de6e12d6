import type { FileTree } from '../files/file-tree.ts'

/** What dpkg's status file says of the packages that are installed (deb-control(5)). */
export interface DpkgStatus {
  /** Whether an installed package asks for another one. */
  readonly asksFor: (owner: string, other: string) => boolean
  /** Packages that installed ones ask for and that are not there: apt-get refuses everything else until they are. */
  readonly missed: readonly string[]
}

/** Says nothing where dpkg isn't used. */
export function readDpkgStatus(tree: FileTree): DpkgStatus {
  const installed = (tree.text('/var/lib/dpkg/status') ?? '')
    .split('\n\n')
    .filter((each) => each.includes('\nStatus: install ok installed\n'))
  const needs = new Map(installed.map((paragraph) => [/^Package: (.*)$/m.exec(paragraph)?.[1] ?? '', alternatives(paragraph, 'Depends')]))
  const there = new Set([...needs.keys(), ...installed.flatMap((paragraph) => alternatives(paragraph, 'Provides').flat())])
  const unmet = [...needs.values()].flat().filter((names) => !names.some((name) => there.has(name)))
  return {
    asksFor: (owner, other) => (needs.get(owner) ?? []).some((names) => names.includes(other)),
    missed: [...new Set(unmet.flatMap((names) => names.slice(0, 1)))],
  }
}

/** One list of names for each comma, of which one is enough; versions left out. */
function alternatives(paragraph: string, field: 'Depends' | 'Provides'): string[][] {
  const value = new RegExp(`^${field}: (.*)$`, 'm').exec(paragraph)?.[1]
  return value === undefined ? [] : value.split(',').map((names) => names.split('|').map((name) => name.trim().replace(/[ :(].*$/, '')))
}
