import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { toByteSource } from './byte-source.ts'
import { readBuildId } from './notes.ts'
import { readElf } from './read-elf.ts'
import { readSections } from './sections.ts'
import { readDefinedVersions, readNeededVersions } from './symbol-versions.ts'
import { exportsSymbol, readImports } from './symbols.ts'

const readelf = ['/usr/bin/readelf', '/usr/local/bin/readelf'].find((path) => existsSync(path))
const folder =
  ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'].find((path) => existsSync(path)) ?? '/usr/lib'
const libraries = readdirSync(folder)
  .filter((name) => /^lib[a-z].*\.so\.\d+$/.test(name))
  .slice(0, 60)

/** The same file as `sstrip` leaves it: nothing tells where its sections are, and the loader needs none. */
function withoutSections(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const isWide = copy[4] === 2
  copy.fill(0, isWide ? 40 : 32, isWide ? 48 : 36)
  copy.fill(0, isWide ? 60 : 48, isWide ? 64 : 52)
  return copy
}

/** binutils' own answer. */
function ask(flag: string, path: string): string {
  return execFileSync(readelf ?? 'readelf', ['--wide', flag, path], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

describe.skipIf(readelf === undefined)('libraries of this machine read as binutils reads them', () => {
  test.each(libraries)('%s', (name) => {
    const path = join(folder, name)
    const bytes = readFileSync(path)
    const elf = readElf(toByteSource(bytes))
    if (elf.tag !== 'Elf') throw new Error(elf.why)
    const dynamic = ask('--dynamic', path)
    const listed = (tag: string) => [...dynamic.matchAll(new RegExp(`\\(${tag}\\)[^\\[]*\\[([^\\]]*)\\]`, 'g'))].map(([, value]) => value)
    expect(elf.needed).toEqual(listed('NEEDED'))
    expect([elf.soname, elf.runpath, elf.rpath]).toEqual(['SONAME', 'RUNPATH', 'RPATH'].map((tag) => listed(tag)[0] ?? null))

    const symbols = ask('--dyn-syms', path)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([number, , , , binding, , , name]) =>
          /^\d+:$/.test(number ?? '') && (binding === 'GLOBAL' || binding === 'WEAK') && name !== undefined,
      )
      .map(([, , , , binding, , section, name = '']) => ({ name: name.replace(/@.*$/, ''), binding, section }))
    const imports = readImports(elf)
    if ('tag' in imports) throw new Error(imports.why)
    const expected = symbols.filter(({ section }) => section === 'UND').map(({ name, binding }) => `${name} ${binding === 'WEAK'}`)
    expect(imports.map((symbol) => `${symbol.name} ${symbol.weak}`).sort()).toEqual(expected.sort())
    const bare = readElf(toByteSource(withoutSections(bytes)))
    if (bare.tag !== 'Elf') throw new Error(bare.why)
    expect([bare.sectionTable, bare.truncatedAt, readImports(bare)]).toEqual([null, null, imports])
    const offered = symbols.filter(({ section }) => section !== 'UND' && section !== 'ABS').slice(0, 200)
    expect(offered.filter(({ name }) => exportsSymbol(elf, name) !== true)).toEqual([])

    const needs = readNeededVersions(elf)
    if ('tag' in needs) throw new Error(needs.why)
    const info = ask('--version-info', path)
    const versions = [...info.matchAll(/Name: (\S+) {2}Flags: \S+ {2}Version: \d+/g)].map(([, version = '']) => version)
    expect(needs.flatMap((need) => need.versions.map((version) => version.name)).sort()).toEqual(versions.sort())
    const defined = [...info.matchAll(/Flags: (\S+)\s+Index: \d+ {2}Cnt: \d+ {2}Name: (\S+)/g)].filter(([, flags]) => flags !== 'BASE')
    expect(readDefinedVersions(elf)).toEqual(defined.map(([, , version]) => version))

    expect(readBuildId(elf)).toBe(/Build ID: (\w+)/.exec(ask('--notes', path))?.[1] ?? null)

    const sections = readSections(elf)
    if ('tag' in sections) throw new Error(sections.why)
    expect(sections.length).toBe(Number(/There are (\d+) section headers/.exec(ask('--section-headers', path))?.[1] ?? 0))
  })
})
