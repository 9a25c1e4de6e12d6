import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { corpusFolder, judgeFolder, judgeSample } from '../../scripts/corpus.ts'

const present = existsSync(corpusFolder)
const verdicts = present ? judgeFolder(corpusFolder) : []
const share = (count: number): number => count / verdicts.length

/** How a log collector, a mailer or a copy may change a sample without changing what it says. */
const dresses: readonly (readonly [string, (text: string) => string | Buffer])[] = [
  ['Docker Compose', (text) => text.replaceAll(/^/gm, 'web-1  | ')],
  ['Kubernetes', (text) => text.replaceAll(/^/gm, '2026-11-25T10:00:00.123456789Z stderr F ')],
  ['systemd', (text) => text.replaceAll(/^/gm, 'Nov 25 10:00:34 host app[123]: ')],
  ['Heroku', (text) => text.replaceAll(/^/gm, '2026-11-25T10:00:00.123456+00:00 app[web.1]: ')],
  [
    'JSON lines',
    (text) =>
      text
        .split('\n')
        .map((line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr' }))
        .join('\n'),
  ],
  ['logfmt', (text) => text.replaceAll(/^.*$/gm, (line) => `ts=2026-11-25T10:00:00Z level=error msg=${JSON.stringify(line)}`)],
  ['docker build', (text) => text.replaceAll(/^/gm, '#12 0.490 ')],
  ['a quoting indent', (text) => text.replaceAll(/^/gm, '    ')],
  ['a quoted log', (text) => text.replaceAll(/^/gm, '    2026-11-25T10:00:00.123456+00:00 app[web.1]: ')],
  ['colours', (text) => text.replaceAll(/^(.*)$/gm, '\u001b[31m$1\u001b[0m')],
  ['Windows line ends', (text) => text.replaceAll('\n', '\r\n')],
  ['UTF-16', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['a log around it', (text) => `${'GET / 200\n'.repeat(50)}${text}\n${'GET / 200\n'.repeat(50)}`],
]

describe.skipIf(!present && process.env['CI'] === undefined)('the crash corpus (beside the project, ../shared/crash-corpus)', () => {
  test('kind is right for 97 of 100, culprit for 95, and none is confidently wrong', () => {
    expect(present, `no corpus at ${corpusFolder}`).toBe(true)
    expect(share(verdicts.filter(({ kindRight }) => kindRight).length)).toBeGreaterThanOrEqual(0.97)
    expect(share(verdicts.filter(({ culpritRight }) => culpritRight).length)).toBeGreaterThanOrEqual(0.95)
    expect(verdicts.filter(({ confidentlyWrong }) => confidentlyWrong).map(({ name }) => name)).toEqual([])
  })

  test.each(dresses)('the answer is the same in the dress of %s', (title, dress) => {
    const changed: string[] = []
    for (const { name, truth, told } of verdicts) {
      const text = readFileSync(resolve(corpusFolder, `${name}.txt`), 'utf8')
      // Some samples are dressed already, and one more layer is no longer what any collector writes.
      if (text === '' || /^(?:\S+ *\||App \d+|\{|objc|\[)/.test(text)) continue
      // A header that nothing confirms is a crash where the log ends, and no crash inside one.
      if (title === 'a log around it' && text.includes('[BUG]') && !/^-- |^ruby \d/m.test(text)) continue
      const now = judgeSample(name, Buffer.from(dress(text)), truth)
      if (now.told.kind !== told.kind || now.told.culprit?.gem !== told.culprit?.gem || now.confidentlyWrong)
        changed.push(
          `${name}: ${now.told.kind} ${now.told.culprit?.gem ?? 'nobody'} (${now.told.confidence}), was ${told.kind} ${told.culprit?.gem ?? 'nobody'}`,
        )
    }
    expect(changed).toEqual([])
  })

  test('no answer depends on the name of the gem', () => {
    const changed: string[] = []
    for (const { name, truth, told } of verdicts) {
      if (truth.gem !== 'crashlab' || told.culprit?.gem !== 'crashlab') continue
      const text = readFileSync(resolve(corpusFolder, `${name}.txt`), 'utf8')
        .replaceAll('crashlab', 'quux')
        .replaceAll('CrashLab', 'Quux')
        .replaceAll('/srv/app', '/home/me/shop')
      const now = judgeSample(name, Buffer.from(text), { ...truth, gem: 'quux' })
      if (now.told.culprit?.gem !== 'quux' || now.told.confidence !== told.confidence) changed.push(name)
    }
    expect(changed).toEqual([])
    expect(readdirSync(corpusFolder).length).toBeGreaterThan(0)
  })
})
