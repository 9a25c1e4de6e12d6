import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { criticalGems } from './critical-gems.ts'

const script = fileURLToPath(new URL('../../../data/compatibility/make-gems.rb', import.meta.url))
const unreachable = 75
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:BUNDLE|GEM_|RUBY)/.test(name)))

test(
  "the newest version of each critical gem in the registry is in the table (offline: the table's date is told)",
  { timeout: 90_000 },
  () => {
    const { made, gems } = criticalGems()
    const { status, stdout, stderr } = spawnSync('ruby', [script, '--newest'], {
      env: clean,
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    if (status === unreachable || status === null) {
      expect(made).toMatch(/^\d{4}-\d\d-\d\d$/)
      console.info(`rubygems.org can't be reached: the table of ${made} was not held against it`)
      return
    }
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const newest = JSON.parse(stdout) as Readonly<Record<string, string>>
    expect(Object.keys(newest).sort()).toEqual(Object.keys(gems).sort())
    const missing = Object.entries(newest).filter(([name, version]) => gems[name]?.[version] === undefined)
    expect({ missing, remedy: 'ruby data/compatibility/make-gems.rb' }).toMatchObject({ missing: [] })
  },
)
