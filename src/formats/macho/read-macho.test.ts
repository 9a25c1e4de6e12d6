import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arm, intel, makeMachO, makeUniversal, type MachShape } from '../../../test/support/make-mach-o.ts'
import { toByteSource } from '../elf/byte-source.ts'
import { readMachO } from './read-macho.ts'

const thin = (shape: MachShape) => makeMachO(shape, ['/opt/homebrew/lib/libruby.3.3.dylib'])

const slice = (cpu: string) => ({
  cpu,
  needed: ['/opt/homebrew/lib/libruby.3.3.dylib'],
  installName: null,
  rpaths: ['@loader_path/../lib'],
  truncated: false,
})

describe('a Mach-O file', () => {
  test.each([
    [arm, 'arm64'],
    [{ ...arm, subtype: 0x80000002 }, 'arm64e'],
    [intel, 'x86_64'],
    [{ ...arm, little: false }, 'arm64'],
  ])('tells its processor and libraries: %j', (shape, cpu) => {
    expect(readMachO(toByteSource(thin(shape)))).toEqual({ tag: 'MachO', slices: [slice(cpu)] })
  })

  test('for several processors tells each', () => {
    expect(readMachO(toByteSource(makeUniversal([thin(intel), thin(arm)])))).toEqual({
      tag: 'MachO',
      slices: [slice('x86_64'), slice('arm64')],
    })
  })

  test('for several processors that begins with a table of 64-bit offsets tells each, too', () => {
    expect(readMachO(toByteSource(makeUniversal([thin(intel), thin(arm)], true)))).toEqual({
      tag: 'MachO',
      slices: [slice('x86_64'), slice('arm64')],
    })
  })

  test('that ends before its segments is truncated', () => {
    expect(readMachO(toByteSource(thin(arm).subarray(0, -1)))).toEqual({ tag: 'MachO', slices: [{ ...slice('arm64'), truncated: true }] })
  })

  test('is not taken for a Java class, which has the same magic number', () => {
    expect(readMachO(toByteSource(Buffer.from('cafebabe00000037', 'hex')))).toMatchObject({ tag: 'Malformed', offset: 4 })
  })

  test('never makes the reader throw', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 10, size: 'max' }),
        fc.nat(),
        (edits, cut) => {
          const bytes = makeUniversal([thin(intel), thin(arm)])
          for (const [at, value] of edits) bytes[at % bytes.length] = value
          readMachO(toByteSource(cut % 2 === 0 ? bytes : bytes.subarray(0, cut % bytes.length)))
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
