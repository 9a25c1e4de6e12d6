import { describe, expect, test } from 'vitest'
import { explainText } from '../../../test/support/crash-story.ts'

describe('a library that ffi looks for under several names', () => {
  const from = "\tfrom /gems/mill-2.0.7/lib/mill.rb:466:in `<module:Mill>'"
  const ffi = 'LoadError: Could not open library'

  test("is missing where each name is, in the words of old and new macOS's loader", () => {
    for (const said of [
      "'mill': dlopen(mill, 5): image not found.",
      "'mill': dlopen(mill, 0x0005): tried: 'mill' (no such file), '/usr/lib/mill' (no such file, not in dyld cache)",
    ])
      expect(explainText(`${ffi} ${said}\n${from}\n`)).toMatchObject({
        kind: 'missing-library',
        culprit: { gem: 'mill', version: '2.0.7' },
      })
  })

  test('misses another one where the right file was found', () => {
    const second =
      "Could not open library '/usr/local/lib/libmill.dylib': dlopen(/usr/local/lib/libmill.dylib, 5): Library not loaded: @rpath/libgrain.71.dylib"
    expect(explainText(`${ffi} 'mill': dlopen(mill, 5): image not found.\n${second}\n  Reason: image not found\n${from}\n`)).toMatchObject({
      kind: 'missing-library',
      culprit: { gem: 'mill', library: 'libgrain.71.dylib' },
    })
  })

  test('is no missing library where the file was there and refused', () => {
    const said =
      "'/g/mill-2.0.7/libmill.dylib': dlopen(/g/mill-2.0.7/libmill.dylib, 5): tried: '/g/mill-2.0.7/libmill.dylib' (code signature not valid)"
    expect(explainText(`${ffi} ${said}\n${from}\n`)).toMatchObject({ kind: 'load-error', causeId: 'LOADER-REFUSED' })
  })
})

test("musl's complaint about a gem for glibc is known, also where it was wrapped", () => {
  const log = 'Error relocating /gems/mill-0.2.3-x86_64-linux/lib/mill/3.4/mill.so:\n  __vsnprintf_chk: symbol not found\n'
  expect(explainText(log)).toMatchObject({ kind: 'glibc', causeId: 'GLIBC-ON-MUSL', culprit: { gem: 'mill', version: '0.2.3' } })
})

describe('what is left of a cut message', () => {
  test('is in doubt where the cut may have taken half of the name', () => {
    expect(explainText('ill-1.4.2/lib/mill.so: wrong ELF class: ELFCLASS32 - /g (LoadError)\n')).toMatchObject({
      kind: 'arch',
      confidence: 'suspected',
    })
  })

  test('blames neither ffi nor fiddle for libffi, which both use', () => {
    expect(explainText("a.rb:1:in 'require': libffi.so.7: cannot open shared object file\n")).toMatchObject({
      kind: 'missing-library',
      culprit: { gem: null, library: 'libffi.so.7' },
    })
  })
})

test('a file that the gem has for other Rubies only was not built for this one', () => {
  const text = 'LoadError: cannot load such file -- tide/tide (LoadError)\n'
  expect(explainText(text).kind).toBe('load-error')
  expect(explainText(`${text}Did you mean?  tide/3.4/tide\n`).kind).toBe('not-built')
})

test('a file that nobody knows is suspected to be of the gem that bears its name', () => {
  const text = 'LoadError (dlopen(/Users/u/work/lib/tide.bundle, 9): Symbol not found: _ebb\n'
  expect(explainText(text)).toMatchObject({ kind: 'symbol-lookup', confidence: 'suspected', culprit: { gem: 'tide' } })
})
