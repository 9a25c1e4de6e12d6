import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CrashReportReader } from '../../src/formats/crash-report/crash-report-reader.ts'
import { explainLog } from '../../src/recovery/blame/explain-log.ts'

const samples = new URL('crash-report-samples/', import.meta.url)

/** The culprit that the whole report names, and the only one that any beginning of it may name. */
const cases = [
  ['ruby-3.3-null-pointer.txt', 'acme', 'certain'],
  ['ruby-2.7-fiddle.txt', 'fiddle', 'suspected'],
] as const

test.each(cases)(
  '%s cut at every byte gives an honest part of the answer',
  (file, gem, confidence) => {
    const whole = readFileSync(new URL(file, samples))
    for (let length = 0; length <= whole.length; length += 1) {
      const reader = new CrashReportReader()
      reader.push(whole.subarray(0, length))
      const { main } = explainLog(reader.end())
      const told = main.culprit?.gem ?? null
      if (told !== null && told !== gem) expect.fail(`${file} cut at ${length}: blames ${told} (${main.confidence})`)
      if (told === null && (main.confidence === 'certain' || main.confidence === 'likely'))
        expect.fail(`${file} cut at ${length}: ${main.confidence} of nobody`)
    }
    const reader = new CrashReportReader()
    reader.push(whole)
    expect(explainLog(reader.end()).main).toMatchObject({ culprit: { gem }, confidence })
  },
  600_000,
)
