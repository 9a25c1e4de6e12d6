import { describe, expect, test } from 'vitest'
import { explainSample, explainText } from '../../test/support/crash-story.ts'
import causes from '../../data/known-causes/known-causes.json' with { type: 'json' }
import { formatExplanation } from './explain-format.ts'
import { isCommand, remedyLines } from './remedy-lines.ts'

/** What stands before a comment, quotes taken out: the part that a shell reads. */
const typed = (line: string): string => line.replace(/ {3}#.*$/, '').replaceAll(/'[^']*'|"[^"]*"|\$\([^)]*\)/g, '')

describe('a remedy', () => {
  test.each(causes.flatMap(({ id, remedy }) => remedy.map((line) => [id, line.replaceAll(/\[\[|\]\]/g, '')] as const)))(
    'of %s is a command or a sentence, never both: %s',
    (_, line) => {
      if (isCommand(line)) expect(typed(line)).not.toMatch(/, |[…’]|\w: |\b(?:or|and|before|then|once)\b/)
      else expect(line).not.toContain('`')
    },
  )

  test('is there for whatever was read', () => {
    for (const text of ['', 'GET / 200\n', 'x.rb:1: [BUG] Segmentation fault at 0x0000000000000010\n', 'free(): invalid pointer\n'])
      expect(remedyLines(explainText(text)).some((line) => isCommand(line))).toBe(true)
  })
})

describe('the screen', () => {
  test('marks commands, and keeps each on one line however long', () => {
    const told = {
      ...explainSample('ruby-3.3-null-pointer.txt'),
      remedy: [`bundle config set --local ${'very-'.repeat(30)}long true`, 'look at it'],
    }
    const lines = formatExplanation(told, 1, false).split('\n')
    expect(lines).toContain(`try       $ ${told.remedy[0]}`)
    expect(lines).toContain('          look at it')
  })

  test('is one, also for a loader that repeats itself', () => {
    const tried = Array.from({ length: 30 }, (_, at) => `'/very/long/path/to/some/folder/number/${at}/libmill.bundle' (no such file)`).join(
      ', ',
    )
    const told = explainText(`a.rb:1:in 'x': dlopen(/gems/mill-1.0.0/lib/libmill.bundle, 0x0005): tried: ${tried} (LoadError)\n`)
    expect(formatExplanation(told, 1, false).split('\n').length).toBeLessThan(25)
  })
})
