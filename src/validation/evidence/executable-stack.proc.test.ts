import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { madeRuntime } from '../../../test/support/made-runtime.ts'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import { inspectGems } from '../inspect-gems.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bezel-stack-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A shared object of this machine's compiler, without any library of its own. */
function compile(source: string, ...flags: readonly string[]): Buffer {
  writeFileSync(join(folder, 'made.c'), source)
  execFileSync('gcc', ['-shared', '-fPIC', '-nostdlib', '-w', '-o', join(folder, 'made.so'), join(folder, 'made.c'), ...flags])
  return readFileSync(join(folder, 'made.so'))
}

/** A C library whose newest version is this one. */
function cLibrary(version: string): Buffer {
  writeFileSync(join(folder, 'versions'), `GLIBC_2.2.5 { global: malloc; };\n${version} { global: newest; } GLIBC_2.2.5;\n`)
  return compile('void malloc(void) {}\nvoid newest(void) {}', '-Wl,-soname,libc.so.6', `-Wl,--version-script=${join(folder, 'versions')}`)
}

/** The same file without its PT_GNU_STACK, as assemblers and old linkers leave it. */
function withoutHeader(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const start = Number(copy.readBigUInt64LE(32))
  for (let index = 0; index < copy.readUInt16LE(56); index += 1)
    if (copy.readUInt32LE(start + index * 56) === 0x6474e551) copy.writeUInt32LE(0, start + index * 56)
  return copy
}

const gem = {
  name: 'made',
  version: '1.0',
  platform: 'x86_64-linux',
  origin: 'gem',
  fullName: 'made-1.0',
  folder: '/gems/made-1.0',
  requireFolders: ['/gems/made-1.0/lib'],
  extensionsRoot: null,
  requiredRubyVersion: null,
  packagedFiles: null,
  lacks: null,
} as unknown as InstalledGem

async function codes(extension: Buffer, libc: Buffer, ruby: Buffer, env: Readonly<Record<string, string>> = {}) {
  const files = { '/usr/bin/ruby': ruby, '/usr/lib/libc.so.6': libc, '/gems/made-1.0/lib/made.so': extension }
  const runtime = madeRuntime([], { DLEXT: 'so' })
  const { gems, observations } = await inspectGems(memoryTree(new Map(Object.entries(files))), [gem], env, runtime)
  const stack = observations.map(({ code }) => code).filter((code) => code.startsWith('EXECUTABLE_STACK'))
  return [gems[0]?.verdict === 'incompatible', ...stack]
}

test('a file that wants an executable stack is refused by glibc from 2.41 on, unless Ruby has one, or the tunable allows it', async () => {
  const needs = '-Wl,--no-as-needed'
  writeFileSync(join(folder, 'libc.so.6'), cLibrary('GLIBC_2.40'))
  const [older, newer] = [readFileSync(join(folder, 'libc.so.6')), cLibrary('GLIBC_2.41')]
  const program = (...flags: readonly string[]) => compile('int ruby;', needs, join(folder, 'libc.so.6'), ...flags)
  const [ruby, rubyWithStack] = [program('-Wl,-z,noexecstack'), program('-Wl,-z,execstack')]
  const source = 'void Init_made(void) {}'
  const [asked, plain] = [compile(source, '-Wl,-z,execstack'), compile(source, '-Wl,-z,noexecstack')]
  const implied = withoutHeader(plain)

  for (const libc of [older, newer]) expect(await codes(plain, libc, ruby)).toEqual([false])
  expect(await codes(asked, older, ruby)).toEqual([false, 'EXECUTABLE_STACK'])
  expect(await codes(implied, older, ruby)).toEqual([false])
  for (const extension of [asked, implied]) expect(await codes(extension, newer, ruby)).toEqual([true, 'EXECUTABLE_STACK_REFUSED'])
  expect(await codes(asked, newer, rubyWithStack)).toEqual([false, 'EXECUTABLE_STACK'])
  expect(await codes(asked, newer, ruby, { GLIBC_TUNABLES: 'glibc.malloc.check=1:glibc.rtld.execstack=2' })).toEqual([
    false,
    'EXECUTABLE_STACK',
  ])
})
