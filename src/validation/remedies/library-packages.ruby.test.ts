import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { copyRoot, type RootCopy } from '../../../test/fixtures/rubies/root-copy.ts'
import { canMakeRubies, rubies } from '../../../test/fixtures/rubies/slim-root.ts'
import { isIn, libraryNames } from './library-packages.ts'

/** Prints the files of packages, of those under an older name too; fails for a name that this release does not know. */
const listFiles = `mkdir /names && cd /names && apt-get update -qq && for name in $NAMES; do
  case $(apt-cache policy "$name") in
    *'Candidate: '[0-9]*) echo "$name" ;;
    *) apt-cache showpkg "$name" | sed -n '/^Reverse Provides/,$p' | sed -n '2s/ .*//p' | grep . || echo "$name" ;;
  esac
done >list && apt-get download -qq $(cat list) && for file in *.deb; do dpkg -c "$file" || exit 1; done`

describe.skipIf(!canMakeRubies())('the packages that hold libraries', { timeout: 300_000 }, () => {
  let folder = ''
  let root: RootCopy
  beforeAll(() => {
    folder = rubies()
  }, 600_000)
  afterEach(() => root.remove())

  test.each([
    ['bullseye', 11],
    ['bookworm', 12],
    ['trixie', 13],
  ] as const)('hold them in %s, and are not there where the table says so', async (suite, release) => {
    root = copyRoot(folder, suite)
    mkdirSync(join(root.path, 'app'))
    const known = libraryNames.filter((each) => isIn(each, release))
    const files = await root.type(`NAMES='${[...new Set(known.map(({ debian }) => debian))].join(' ')}'; ${listFiles}`)
    expect(known.filter(({ library }) => !files.split('\n').some((line) => line.includes(`/${library}`)))).toEqual([])
    for (const { debian } of libraryNames.filter((each) => !known.includes(each)))
      await expect(root.type(`apt-get install -s -y ${debian}`)).rejects.toThrow('Unable to locate package')
  })
})
