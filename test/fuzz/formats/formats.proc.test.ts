import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test.skipIf(!existsSync('/usr/bin/gcc'))(
  'no reader of files throws or runs on, whatever it is fed (the long run: node test/fuzz/formats/main.ts)',
  () => {
    const said = execFileSync(process.execPath, [join(import.meta.dirname, 'main.ts'), '--inputs', '3000'], { encoding: 'utf8' })
    expect(said.match(/3000 inputs/g)).toHaveLength(12)
  },
)
