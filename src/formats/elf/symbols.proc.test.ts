import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toByteSource } from './byte-source.ts'
import { readElf } from './read-elf.ts'
import { exportsSymbol, readImports } from './symbols.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-symbols-'))
  writeFileSync(
    join(folder, 'made.c'),
    'extern int anderswo_größer(void);\nint größe(void) { return anderswo_größer(); }\nint plain(void) { return 1; }\n',
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each(['gnu', 'sysv', 'both'])('symbols are found by their bytes, in a hash table of the style %s', (style) => {
  const file = join(folder, `${style}.so`)
  execFileSync('gcc', ['-shared', '-fPIC', `-Wl,--hash-style=${style}`, '-o', file, join(folder, 'made.c')])
  const elf = readElf(toByteSource(readFileSync(file)))
  if (elf.tag !== 'Elf') throw new Error(elf.why)
  expect(['größe', 'plain', 'grösse', 'anderswo_größer'].map((name) => exportsSymbol(elf, name))).toEqual([true, true, false, false])
  expect(readImports(elf)).toContainEqual({ name: 'anderswo_größer', weak: false })
})
