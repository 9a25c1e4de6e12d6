import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { waitFor } from '../../test/support/wait-for.ts'
import { isEnding } from './is-ending.ts'

test('a process that lives is not ending, one that is gone is', () => {
  expect(isEnding(process.pid)).toBe(false)
  expect(isEnding(spawnSync('true').pid)).toBe(true)
})

test('a process that has ended and that nobody has asked for yet is ending', async () => {
  // The shell becomes one that never asks for its child.
  const parent = spawn('sh', ['-c', 'sleep 1 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  await waitFor(() => isEnding(Number(line.toString())))
  expect(() => process.kill(Number(line.toString()), 0)).not.toThrow()
  parent.kill('SIGKILL')
})
