import { expect, test } from 'vitest'
import { WorkerOutput } from './worker-output.ts'

function create() {
  const lines: string[] = []
  const output = new WorkerOutput((worker, line) => void lines.push(`[${worker}] ${line}`))
  output.begin(2, 7)
  return { output, lines }
}

test('passes whole lines on, with the worker that wrote them, and stdout and stderr never mixed within one', () => {
  const { output, lines } = create()
  output.push(7, 'stdout', Buffer.from('one\ntw'))
  output.push(7, 'stderr', Buffer.from('oops\n'))
  output.push(7, 'stdout', Buffer.from('o\nlast'))
  output.end(7)
  expect(lines).toEqual(['[2] one', '[2] oops', '[2] two', '[2] last'])
})

test('keeps a crash report back, and says how much of it', () => {
  const { output, lines } = create()
  output.push(7, 'stderr', Buffer.from('[BUG] Segmentation fault\n'))
  output.keepBack(7)
  output.push(7, 'stderr', Buffer.from('a\nb\nc\n'))
  output.end(7)
  expect(lines).toEqual(['[2] [BUG] Segmentation fault', '[2] … 3 lines of its crash report, kept for its incident'])
})

test('passes on again what a cluster writes after the crash of one of its workers', () => {
  const { output, lines } = create()
  output.keepBack(7)
  output.push(7, 'stderr', Buffer.from('a\nb\n'))
  output.passOn(7)
  output.push(7, 'stderr', Buffer.from('c\n'))
  output.end(7)
  expect(lines).toEqual(['[2] … 2 lines of its crash report, kept for its incident', '[2] c'])
})

test('drops what comes after the end of a run', () => {
  const { output, lines } = create()
  output.end(7)
  output.push(7, 'stdout', Buffer.from('late\n'))
  expect(lines).toEqual([])
})
