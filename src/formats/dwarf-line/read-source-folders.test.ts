import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toByteSource } from '../elf/byte-source.ts'
import { readSourceFolders } from './read-source-folders.ts'

const u16 = (value: number) => Buffer.from([value & 255, value >> 8])
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const opcodes = Buffer.from([13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])

function unit(version: number, afterHeaderLength: Buffer): Buffer {
  const rest = Buffer.concat([
    u16(version),
    ...(version === 5 ? [Buffer.from([8, 0])] : []),
    u32(afterHeaderLength.length),
    afterHeaderLength,
  ])
  return Buffer.concat([u32(rest.length), rest])
}

const version4 = unit(
  4,
  Buffer.concat([Buffer.from([1, 1, 1, 0xfb, 14]), opcodes, Buffer.from('/usr/include/ruby-2.7.0\0/usr/include\0\0\0', 'latin1')]),
)
/** Folder entries by `DW_FORM_line_strp`: offsets 0 and 24 of `.debug_line_str`. */
const version5 = unit(
  5,
  Buffer.concat([Buffer.from([1, 1, 1, 0xfb, 14]), opcodes, Buffer.from([1, 1, 0x1f, 2]), u32(0), u32(24), Buffer.from([0, 0])]),
)
const lineStrings = toByteSource(Buffer.from('/usr/include/ruby-3.3.0\0/src\0', 'latin1'))

function read(line: Uint8Array) {
  return readSourceFolders({ line: toByteSource(line), lineStrings, strings: null, littleEndian: true })
}

describe('a line table', () => {
  test('of DWARF 4 names its folders in place', () => {
    expect(read(version4)).toEqual({ tag: 'Folders', folders: ['/usr/include/ruby-2.7.0', '/usr/include'] })
  })

  test('of DWARF 5 names them in a string section', () => {
    expect(read(version5)).toEqual({ tag: 'Folders', folders: ['/usr/include/ruby-3.3.0', '/src'] })
  })

  test('with several units gives the folders of all, each once', () => {
    expect(read(Buffer.concat([version4, version5, version4]))).toEqual({
      tag: 'Folders',
      folders: ['/usr/include/ruby-2.7.0', '/usr/include', '/usr/include/ruby-3.3.0', '/src'],
    })
  })

  test('that names Ruby only in its last of a hundred units, as where a whole library is compiled in first, gives it too', () => {
    const plain = unit(4, Buffer.concat([Buffer.from([1, 1, 1, 0xfb, 14]), opcodes, Buffer.from('/usr/include\0\0\0', 'latin1')]))
    expect(read(Buffer.concat([...Array.from({ length: 99 }, () => plain), version4]))).toEqual({
      tag: 'Folders',
      folders: ['/usr/include', '/usr/include/ruby-2.7.0'],
    })
  })

  test('with units that are padding, or of a version that nobody knows, gives the folders of the others', () => {
    expect(read(Buffer.concat([u32(0), unit(9, Buffer.from([1])), version4]))).toEqual({
      tag: 'Folders',
      folders: ['/usr/include/ruby-2.7.0', '/usr/include'],
    })
    expect(read(unit(9, Buffer.from([1])))).toEqual({ tag: 'Malformed', offset: 4, why: 'line table version 9' })
  })

  test('that ends too early keeps what was read before, else says where', () => {
    expect(read(Buffer.concat([version4, version5.subarray(0, 20)]))).toMatchObject({ tag: 'Folders' })
    expect(read(version5.subarray(0, 20))).toEqual({ tag: 'Malformed', offset: 0, why: 'a unit that ends behind its section' })
  })

  test('never makes the reader throw', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 10, size: 'max' }), (edits) => {
        const bytes = Buffer.concat([version5, version4])
        for (const [at, value] of edits) bytes[at % bytes.length] = value
        read(bytes)
      }),
      { numRuns: 2_000 },
    )
  })
})
