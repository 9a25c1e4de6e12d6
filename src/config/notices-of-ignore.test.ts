import { expect, test } from 'vitest'
import { noticesOfIgnore } from './notices-of-ignore.ts'

const entry = (code: string) => ({ code, gem: null, reason: 'known', until: '2999-12-31' })

test('an ignored finding that does not exist is said once, with what was probably meant', () => {
  expect(noticesOfIgnore(['GEM_ABSENT', 'EXTENSION_NOT_BUILD', 'EXTENSION_NOT_BUILD', 'ruby-version-file', 'toString'].map(entry))).toEqual(
    [
      '"ignore" in bezel.yml names EXTENSION_NOT_BUILD, which is no finding; did you mean EXTENSION_NOT_BUILT?',
      '"ignore" in bezel.yml names ruby-version-file, which is no finding; docs/findings.md lists them',
      '"ignore" in bezel.yml names toString, which is no finding; docs/findings.md lists them',
    ],
  )
})
