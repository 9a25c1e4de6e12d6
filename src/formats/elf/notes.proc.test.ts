import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toByteSource } from './byte-source.ts'
import type { ElfFile } from './elf.ts'
import { readAbiSystem, readBuildId, readNotes } from './notes.ts'
import { readElf } from './read-elf.ts'

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-notes-'))
  file = join(folder, 'made.so')
  writeFileSync(join(folder, 'made.c'), 'int made(void) { return 1; }')
  execFileSync('gcc', ['-g', '-shared', '-fPIC', '-Wl,--build-id=sha1', '-o', file, join(folder, 'made.c')])
})
afterAll(() => rmSync(folder, { recursive: true }))

function elfOf(bytes: Buffer): ElfFile {
  const elf = readElf(toByteSource(bytes))
  if (elf.tag !== 'Elf') throw new Error(elf.why)
  return elf
}

test('the build id is the one that binutils reads, and outlives stripping', () => {
  const told = /Build ID: (\w+)/.exec(execFileSync('readelf', ['--notes', file], { encoding: 'utf8' }))?.[1]
  expect(told).toHaveLength(40)
  expect(readBuildId(elfOf(readFileSync(file)))).toBe(told)
  const stripped = join(folder, 'stripped.so')
  execFileSync('strip', ['-o', stripped, file])
  expect(readBuildId(elfOf(readFileSync(stripped)))).toBe(told)
})

test('a file without a build id has none', () => {
  const bare = join(folder, 'bare.so')
  execFileSync('gcc', ['-shared', '-fPIC', '-Wl,--build-id=none', '-o', bare, join(folder, 'made.c')])
  expect(readBuildId(elfOf(readFileSync(bare)))).toBeNull()
})

test('the ABI tag of an executable names its operating system', () => {
  const bytes = readFileSync('/bin/sh')
  const elf = elfOf(bytes)
  expect(readAbiSystem(elf)).toBe('Linux')
  const notes = readNotes(elf)
  const tag = 'tag' in notes ? undefined : notes.find(({ owner, type }) => owner === 'GNU' && type === 1)
  for (const [system, name] of [
    [1, 'the Hurd'],
    [3, 'FreeBSD'],
    [9, 'system 9'],
  ] as const) {
    bytes.writeUInt32LE(system, tag?.offset ?? 0)
    expect(readAbiSystem(elfOf(bytes))).toBe(name)
  }
  expect(readAbiSystem(elfOf(readFileSync(file)))).toBeNull()
})

test('a note that leaves its segment is malformed, with its offset', () => {
  const bytes = readFileSync(file)
  const [note] = elfOf(bytes).noteSegments
  if (note === undefined) throw new Error('gcc wrote no note')
  bytes.writeUInt32LE(0x7fffffff, note.offset + 4)
  expect(readNotes(elfOf(bytes))).toMatchObject({ tag: 'Malformed', offset: note.offset })
  expect(readBuildId(elfOf(bytes))).toBeNull()
})
