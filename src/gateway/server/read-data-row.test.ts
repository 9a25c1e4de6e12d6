import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dataRow } from '../../formats/pgwire/server-messages.ts'
import { readDataRow } from './read-data-row.ts'

describe('readDataRow', () => {
  test('reads what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string({ unit: 'grapheme' })), { maxLength: 20 }), (values) => {
        const bytes = dataRow(values)
        expect(readDataRow(bytes, 5, bytes.length)).toEqual(values)
      }),
    )
  })

  test('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readDataRow(Buffer.from(bytes), 0, bytes.length)))
  })
})
