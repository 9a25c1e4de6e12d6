import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { CrashReportReader } from '../../src/formats/crash-report/crash-report-reader.ts'
import type { AppKnowledge } from '../../src/recovery/blame/evidence.ts'
import { explainLog } from '../../src/recovery/blame/explain-log.ts'
import type { Explanation } from '../../src/recovery/blame/explanation.ts'
import { IncidentStore } from '../../src/recovery/incidents/incident-store.ts'
import type { SnakeCase } from '../../src/snake-case.ts'
import { tinyVersion } from '../fixtures/tiny-gem/tiny-app.ts'
import { breakGem, otherRubies, runIn, shareTinyApps, validatorOf, type Breakage } from './broken-gem.ts'
import { modelProperty, realProperty } from './cases.ts'

const samples = resolve(import.meta.dirname, '../fuzz/crash-report-samples')
const faults = resolve(import.meta.dirname, '../fixtures/misbehaving/faults.rb')

/** Errors of a native extension, as Ruby or the loader prints them; `PATH` is the compiled file's. */
const errors = {
  'a null pointer under Ruby 3.3': readFileSync(join(samples, 'ruby-3.3-null-pointer.txt'), 'utf8'),
  'a bad value under Ruby 2.7': readFileSync(join(samples, 'ruby-2.7-bad-value.txt'), 'utf8'),
  'a library that is not there':
    "app.rb:1:in `require': libruby-2.7.so.2.7: cannot open shared object file: No such file or directory - PATH (LoadError)",
  'a symbol that is not there': "app.rb:1:in `require': PATH: undefined symbol: rb_tainted_str_new - PATH (LoadError)",
  'a file for another Ruby': "app.rb:1:in `require': incompatible library version - PATH (LoadError)",
  'a file that is none': "app.rb:1:in `require': PATH: invalid ELF header - PATH (LoadError)",
} as const

const version = fc.tuple(fc.nat(9), fc.nat(30), fc.nat(30)).map((numbers) => numbers.join('.'))
const story = fc.record({
  error: fc.constantFrom(...Object.keys(errors)) as fc.Arbitrary<keyof typeof errors>,
  name: fc.constantFrom('acme', 'zeta', 'swift_json', 'h3lite'),
  version,
  /** What the app has of it now; null: validation knows nothing of the app. */
  app: fc.option(
    fc.record({
      version: fc.option(version),
      builtFor: fc.option(fc.constantFrom('2.7', '3.1', '3.3')),
      fits: fc.constantFrom('compatible' as const, 'incompatible' as const, 'unknown' as const),
      findings: fc.subarray(['this file', 'this gem', 'another file', 'another gem'] as const),
    }),
    { freq: 5 },
  ),
})

modelProperty(18, story, ({ error, name, version: crashed, app }) => {
  const file = `/srv/web/vendor/bundle/ruby/3.3.0/gems/${name}-${crashed}/lib/${name}_ext.so`
  const log = errors[error].replaceAll('PATH', file).replaceAll('acme-2.3.4', `${name}-${crashed}`).replaceAll('acme_ext', `${name}_ext`)
  const installed = app === null ? null : (app.version ?? crashed)
  const known = app === null || installed === null ? null : toKnowledge(name, installed, file, app)
  const reader = new CrashReportReader()
  reader.push(Buffer.from(log))
  const told = explainLog(reader.end(), { app: known }).main
  expect(told).toMatchObject({ culprit: { gem: name, version: crashed } })
  const evidence = told.evidence.join('\n')
  if (app === null || installed === null) {
    expect(evidence).not.toContain('validation found')
    return
  }
  if (installed !== crashed) expect(evidence).toContain(`the app has ${name} ${installed} now`)
  else if (app.builtFor === null)
    expect(evidence).toContain(`nothing in the files of ${name} ${crashed} tells for which Ruby it was built; it runs on 3.3.8`)
  else expect(evidence).toContain(`${name} ${crashed} was built for Ruby ${app.builtFor} and runs on 3.3.8: ${app.fits}`)
  for (const about of ['this file', 'this gem', 'another file', 'another gem'] as const) {
    const wanted = app.findings.includes(about) && about.startsWith('this')
    expect({ about, told: evidence.includes(`about ${about}`), remedy: told.remedy.includes(`mend ${about}`) }).toEqual({
      about,
      told: wanted,
      remedy: wanted,
    })
  }
})

function toKnowledge(
  name: string,
  installed: string,
  file: string,
  { builtFor, fits, findings }: { builtFor: string | null; fits: AppKnowledge['gems'][number]['fits']; findings: readonly string[] },
): AppKnowledge {
  return {
    gems: [
      { name: 'other', version: '1.0.0', builtFor: '2.5', runsOn: '3.3.8', fits: 'incompatible' },
      { name, version: installed, builtFor, runsOn: '3.3.8', fits },
    ],
    findings: findings.map((about) => ({
      gem: about === 'another gem' ? 'other' : name,
      file: about === 'this gem' ? null : about === 'another file' ? file.replace('_ext', '_second') : file,
      code: 'BUILT_FOR_OTHER_RUBY',
      text: `about ${about}`,
      remedy: [`mend ${about}`],
    })),
  }
}

const apps = shareTinyApps()
afterAll(() => apps.remove())

const trouble = fc.oneof(
  fc.record({ tag: fc.constant('Faults' as const), number: fc.nat(3) }),
  fc.record({
    tag: fc.constant('Broken' as const),
    breakage: fc.constantFrom<Breakage>(...otherRubies, 'files gone', 'file cut', 'file empty', 'Git LFS pointer'),
  }),
)

realProperty(
  18,
  trouble,
  async (drawn) => {
    const app = apps.copy('bundler')
    try {
      if (drawn.tag === 'Broken') breakGem(app, drawn.breakage, { packed: true })
      const report = await validatorOf(app, false).validate()
      await using run = await runIn(app, 'warn', faults)
      if (drawn.tag === 'Faults') {
        const { url } = await run.fact('PortOpened')
        expect((await fetch(new URL(`/fault?${drawn.number}`, url))).status).toBe(502)
      }
      const { incident: id } = await run.fact('IncidentRecorded')
      const incident = new IncidentStore(run.incidentsFolder, 100).read(id)
      const log = join(app.path, 'crash.log')
      writeFileSync(log, incident.report)
      const explained = JSON.parse((await run.command(['explain', '--json', '--app', app.path, log])).stdout) as SnakeCase<Explanation>
      const gem = report.gems.find(({ gemName }) => gemName === 'tiny_ext')
      const builtFor = gem?.rubyVersionCompiledFor ?? null
      const build =
        builtFor === null
          ? `nothing in the files of tiny_ext ${tinyVersion} tells for which Ruby it was built; it runs on ${gem?.currentRubyVersion}`
          : `tiny_ext ${tinyVersion} was built for Ruby ${builtFor} and runs on ${gem?.currentRubyVersion}: ${gem?.compatibilityStatus}`
      for (const { culprit, evidence, remedy } of [incident.explanation, explained]) {
        expect(culprit).toMatchObject({ gem: 'tiny_ext', version: tinyVersion })
        expect(evidence).toContain(build)
        for (const finding of report.findings.filter(({ severity }) => severity === 'error')) {
          expect(evidence.join('\n')).toContain(`validation found ${finding.code}: ${finding.explanation}`)
          expect(remedy).toEqual(expect.arrayContaining([...finding.remedy]))
        }
      }
    } finally {
      app.remove()
    }
  },
  600_000,
  2,
)
