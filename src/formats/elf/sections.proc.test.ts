import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toByteSource } from './byte-source.ts'
import { readElf } from './read-elf.ts'
import { readSectionData, readSections } from './sections.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-sections-'))
  writeFileSync(join(folder, 'made.c'), '#include <stdio.h>\nint made(void) { return puts("made"); }\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The data of a section that begins `.debug_` or `.zdebug_`. */
function debugData(bytes: Buffer, name: string): Buffer {
  const elf = readElf(toByteSource(bytes))
  if (elf.tag !== 'Elf') throw new Error(elf.why)
  const sections = readSections(elf)
  if ('tag' in sections) throw new Error(sections.why)
  const section = sections.find((each) => each.name === `.debug_${name}` || each.name === `.zdebug_${name}`)
  if (section === undefined) throw new Error(`no section ${name}`)
  const data = readSectionData(elf, section)
  if ('tag' in data) throw new Error(data.why)
  return Buffer.from(data.read(0, data.size))
}

describe.each(['-gdwarf-4', '-gdwarf-5'])('debug information of %s', (version) => {
  test.each(['zlib-gabi', 'zlib-gnu', 'zstd'])('reads the same packed by %s', (method) => {
    const plain = join(folder, 'plain.so')
    const packed = join(folder, `${method}.so`)
    execFileSync('gcc', [version, '-shared', '-fPIC', '-o', plain, join(folder, 'made.c')])
    execFileSync('objcopy', [`--compress-debug-sections=${method}`, plain, packed])
    const names = ['line', 'str', 'info', ...(version === '-gdwarf-5' ? ['line_str'] : [])]
    for (const name of names) expect([name, debugData(readFileSync(packed), name)]).toEqual([name, debugData(readFileSync(plain), name)])
  })
})

test('packed data that is damaged is malformed, with the place of its section', () => {
  const packed = join(folder, 'damaged.so')
  execFileSync('gcc', ['-g', '-gz=zlib', '-shared', '-fPIC', '-o', packed, join(folder, 'made.c')])
  const bytes = readFileSync(packed)
  const elf = readElf(toByteSource(bytes))
  const sections = elf.tag === 'Elf' ? readSections(elf) : []
  const info = 'tag' in sections ? undefined : sections.find(({ name }) => name === '.debug_info')
  if (elf.tag !== 'Elf' || info === undefined) throw new Error('gcc made no debug information')
  bytes.fill(0xff, info.offset + 24, info.offset + info.size)
  expect(readSectionData(elf, info)).toMatchObject({ tag: 'Malformed', offset: info.offset })
})
