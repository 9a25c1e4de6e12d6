import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DiskTree } from '../files/disk-tree.ts'
import { ElfShelf } from './elf-shelf.ts'
import { Loader } from './loader.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-loader-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A library, or `program`: what it needs, and the folders that it names in its RPATH or RUNPATH. */
interface Made {
  readonly path: string
  readonly needs?: readonly string[]
  readonly rpath?: string
  readonly runpath?: string
}

function make(base: string, { path, needs = [], rpath, runpath }: Made): void {
  const file = join(base, path)
  mkdirSync(dirname(file), { recursive: true })
  const name = path.split('/').at(-1) ?? ''
  const isProgram = name === 'program'
  writeFileSync(join(base, 'made.c'), isProgram ? 'int main(void) { return 0; }' : `int ${name.replaceAll('.', '_')};`)
  const how = isProgram ? ['-pie'] : ['-shared', `-Wl,-soname,${name}`]
  const named = rpath ?? runpath
  const paths =
    named === undefined ? [] : [rpath === undefined ? '-Wl,--enable-new-dtags' : '-Wl,--disable-new-dtags', `-Wl,-rpath,${named}`]
  const flags = ['-fPIC', '-Wl,--no-as-needed', '-Wl,--allow-shlib-undefined', '-Wl,--unresolved-symbols=ignore-all', ...how, ...paths]
  execFileSync('gcc', [...flags, '-o', file, join(base, 'made.c'), ...needs.map((need) => join(base, need))])
}

/** From each name that is needed to its place below `base`; null where it is found nowhere. */
function asked(base: string, env: Readonly<Record<string, string>>): Record<string, string | null> {
  const text = execFileSync('ldd', [join(base, 'program')], {
    env: { ...env, PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    encoding: 'utf8',
  })
  const lines = [...text.matchAll(/^\s+(lib[a-z]\.so) => (?:(\/\S+)|not found)/gm)]
  return Object.fromEntries(lines.map(([, name = '', path]) => [name, path === undefined ? null : normalize(path).slice(base.length + 1)]))
}

function found(base: string, env: Readonly<Record<string, string>>): Record<string, string | null> {
  const shelf = new ElfShelf(new DiskTree(null))
  try {
    const program = shelf.library(join(base, 'program'))
    if (program === null) throw new Error('no program')
    const { libraries, absent } = new Loader(new DiskTree(null), shelf, program, env).closure(program)
    const mine = libraries
      .filter(({ path }) => path.startsWith(`${base}/`))
      .map(({ path, elf }) => [elf.soname ?? '', path.slice(base.length + 1)])
    return Object.fromEntries([...mine, ...absent.map(({ name }) => [name, null])])
  } finally {
    shelf.close()
  }
}

describe.skipIf(!existsSync('/usr/bin/ldd') || !existsSync('/usr/bin/gcc'))(
  'libraries are found where the loader of this machine finds them',
  () => {
    test.each<[string, readonly Made[], Readonly<Record<string, string>>]>([
      ['by $ORIGIN', [{ path: 'a/liba.so' }, { path: 'program', needs: ['a/liba.so'], runpath: '$ORIGIN/none:${ORIGIN}/a' }], {}],
      [
        'not by the RUNPATH of who needs it',
        [
          { path: 'b/libb.so' },
          { path: 'a/liba.so', needs: ['b/libb.so'] },
          { path: 'program', needs: ['a/liba.so'], runpath: '$ORIGIN/a:$ORIGIN/b' },
        ],
        {},
      ],
      [
        'by the RPATH of who needs it',
        [
          { path: 'b/libb.so' },
          { path: 'a/liba.so', needs: ['b/libb.so'] },
          { path: 'program', needs: ['a/liba.so'], rpath: '$ORIGIN/a:$ORIGIN/b' },
        ],
        {},
      ],
      [
        'not by an RPATH where the file itself has a RUNPATH',
        [
          { path: 'c/libx.so' },
          { path: 'b/libb.so' },
          { path: 'a/liba.so', needs: ['b/libb.so', 'c/libx.so'], runpath: '$ORIGIN/../b' },
          { path: 'program', needs: ['a/liba.so'], rpath: '$ORIGIN/a:$ORIGIN/c' },
        ],
        {},
      ],
      [
        'by the RPATH of the program through a file with a RUNPATH',
        [
          { path: 'c/libx.so' },
          { path: 'b/libb.so', needs: ['c/libx.so'] },
          { path: 'a/liba.so', needs: ['b/libb.so'], runpath: '$ORIGIN/../b' },
          { path: 'program', needs: ['a/liba.so'], rpath: '$ORIGIN/a:$ORIGIN/c' },
        ],
        {},
      ],
      [
        'by LD_LIBRARY_PATH before a RUNPATH',
        [{ path: 'a/liba.so' }, { path: 'b/liba.so' }, { path: 'program', needs: ['a/liba.so'], runpath: '$ORIGIN/a' }],
        { LD_LIBRARY_PATH: 'b' },
      ],
      [
        'by an RPATH before LD_LIBRARY_PATH',
        [{ path: 'a/liba.so' }, { path: 'b/liba.so' }, { path: 'program', needs: ['a/liba.so'], rpath: '$ORIGIN/a' }],
        { LD_LIBRARY_PATH: 'b' },
      ],
    ])('%s', (_how, files, env) => {
      const base = mkdtempSync(join(folder, 'case-'))
      for (const file of files) make(base, file)
      const placed = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, join(base, value)]))
      expect(Object.keys(asked(base, placed)).length).toBeGreaterThan(0)
      expect(found(base, placed)).toEqual(asked(base, placed))
    })
  },
)
