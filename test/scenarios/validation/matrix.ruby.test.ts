import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/system/clock.ts'
import { validationDefaults } from '../../../src/validation/options.ts'
import type { ValidationReport } from '../../../src/validation/validation-report.ts'
import { VersionValidator } from '../../../src/validation/version-validator.ts'
import {
  canMakeRubies,
  placeGem,
  rubies,
  slimRoot,
  suites,
  type Minor,
  type Placed,
  type SlimRoot,
} from '../../fixtures/rubies/slim-root.ts'

const page = join(import.meta.dirname, '../../../docs/compatibility-matrix.md')
const minors = Object.keys(suites) as Minor[]
const both = [true, false] as const

interface Case extends Placed {
  readonly runtime: Minor
}

const cases: readonly Case[] = minors.flatMap((runtime) =>
  (['pg', 'bcrypt'] as const).flatMap((gem) =>
    minors.flatMap((builtFor) =>
      both.flatMap((linksLibruby) =>
        both.flatMap((debugInfo) =>
          [...new Set([runtime, builtFor])].map((folderOf) => ({ runtime, gem, builtFor, linksLibruby, debugInfo, folderOf })),
        ),
      ),
    ),
  ),
)

/** What the truth allows: never *compatible* for another Ruby's file, *unknown* only where the file holds no evidence. */
function allowed({ runtime, builtFor, linksLibruby, debugInfo, folderOf }: Case): readonly string[] {
  if (folderOf !== runtime) return ['incompatible']
  const evidence = linksLibruby || debugInfo
  if (builtFor === runtime) return evidence ? ['compatible'] : ['unknown']
  return evidence ? ['incompatible'] : ['incompatible', 'unknown']
}

describe.skipIf(!canMakeRubies())('a real extension built for one Ruby, in the place of another', () => {
  const roots = new Map<Minor, SlimRoot>()
  const rows: string[] = []
  let folder = ''
  beforeAll(() => {
    folder = rubies()
    for (const minor of minors) roots.set(minor, slimRoot(folder, minor))
  }, 600_000)
  afterAll(() => {
    for (const root of roots.values()) root.remove()
  })

  test.each(cases)(
    '$gem for $builtFor on $runtime, links libruby: $linksLibruby, debug information: $debugInfo, in the folder of $folderOf',
    async (each) => {
      const root = roots.get(each.runtime)
      if (root === undefined) throw new Error('no root')
      placeGem(folder, root, each.runtime, each)
      const report = await validate(root)
      rows.push(row(each, report))
      expect(allowed(each)).toContain(report.verdict)
      for (const { severity, evidence, remedy } of report.findings)
        expect(severity !== 'error' || (evidence.length > 0 && remedy.length > 0)).toBe(true)
      expect(report.gems).toHaveLength(1)
    },
  )

  test('gives the table in docs/compatibility-matrix.md', async () => {
    await expect(`${head}${rows.join('\n')}\n`).toMatchFileSnapshot(page)
  })
})

const head = `# Which Ruby an extension was built for, and what bezel says

Real \`pg\` 1.5.9 and \`bcrypt\` 3.1.20, compiled by the Rubies 2.7, 3.1 and 3.3 of Debian bullseye, bookworm and trixie, put into each of the three.
*Static* is the same file without libruby among its libraries, as a static Ruby (rbenv, ruby-build) builds it. *Folder* is the ABI folder that the finished build stands in.
<!-- Made by its test: run "npx vitest run test/scenarios/validation -u" as root. -->

| gem | built for | runs on | libruby | debug info | folder | verdict | findings | first evidence |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

function row({ gem, builtFor, runtime, linksLibruby, debugInfo, folderOf }: Case, { verdict, findings }: ValidationReport): string {
  const codes = [...new Set(findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code))].join(', ')
  const first = findings[0]?.evidence[0]?.what.replaceAll('|', '\\|') ?? ''
  return `| ${gem} | ${builtFor} | ${runtime} | ${linksLibruby ? 'linked' : 'static'} | ${debugInfo ? 'yes' : 'stripped'} | ${folderOf} | **${verdict}** | ${codes} | ${verdict === 'compatible' ? 'the file names this Ruby' : first} |`
}

function validate(root: SlimRoot): Promise<ValidationReport> {
  const settings = { ...validationDefaults, root: root.path, appPath: '/app', env: {} }
  return new VersionValidator(settings, { clock: systemClock, random: Math.random, emit: () => {} }).validate()
}
