import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shapes, sharedObject } from '../../../test/support/shared-object.ts'
import { toByteSource } from './byte-source.ts'
import { readElf } from './read-elf.ts'
import { readSections } from './sections.ts'
import { readDefinedVersions, readNeededVersions } from './symbol-versions.ts'
import { exportsSymbol, readExports, readImports } from './symbols.ts'

function read(bytes: Uint8Array) {
  const elf = readElf(toByteSource(bytes))
  if (elf.tag !== 'Elf') throw new Error(`${elf.offset}: ${elf.why}`)
  return elf
}

describe('an ELF file', () => {
  test.each(shapes)('tells what it needs and offers, wide: $wide, little-endian: $little', (shape) => {
    const elf = read(sharedObject(shape))
    expect(elf).toMatchObject({
      bits: shape.wide ? 64 : 32,
      littleEndian: shape.little,
      machine: 62,
      needed: ['libruby-2.7.so.2.7', 'libc.so.6'],
      soname: 'tiny.so',
      runpath: '/opt/lib',
      rpath: null,
      truncatedAt: null,
    })
    expect(readImports(elf)).toEqual([{ name: 'rb_cData', weak: false }])
    expect(readExports(elf, 'Init_')).toMatchObject([{ name: 'Init_tiny' }])
    expect(['Init_tiny', 'Init_other', 'rb_cData'].map((name) => exportsSymbol(elf, name))).toEqual([true, false, false])
  })

  test('that is cut inside its segment says so, and still tells what is left', () => {
    const bytes = sharedObject({ wide: true, little: true })
    expect(read(bytes.subarray(0, bytes.length - 1)).truncatedAt).toBe('segment')
  })

  test.each([
    ['nothing', new Uint8Array(), 0],
    ['other bytes', Buffer.alloc(64, 0x41), 0],
    ['a word size of 9', Buffer.concat([Buffer.from('\x7fELF\x09\x01', 'latin1'), Buffer.alloc(60)]), 4],
    ['only a header', sharedObject({ wide: true, little: true }).subarray(0, 64), 64],
  ])('of %s is malformed, with the offset', (_what, bytes, offset) => {
    expect(readElf(toByteSource(bytes))).toMatchObject({ tag: 'Malformed', offset })
  })

  test('allocates nothing by a length that lies', () => {
    const bytes = sharedObject({ wide: true, little: true })
    bytes.writeUInt16LE(0xffff, 56)
    expect(readElf(toByteSource(bytes))).toMatchObject({
      tag: 'Malformed',
      why: 'the program header table ends behind the end of the file',
    })
  })

  test('never makes a reader throw or run on, whatever is changed in it', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 12, size: 'max' })
    fc.assert(
      fc.property(fc.constantFrom(...shapes), edits, fc.nat(), (shape, edits, cut) => {
        const whole = sharedObject(shape)
        for (const [at, value] of edits) whole[at % whole.length] = value
        const elf = readElf(toByteSource(cut % 3 === 0 ? whole.subarray(0, cut % whole.length) : whole))
        if (elf.tag !== 'Elf') return
        readSections(elf)
        readImports(elf)
        readExports(elf, 'Init_')
        exportsSymbol(elf, 'Init_tiny')
        readNeededVersions(elf)
        readDefinedVersions(elf)
      }),
      { numRuns: 2_000 },
    )
  })
})
