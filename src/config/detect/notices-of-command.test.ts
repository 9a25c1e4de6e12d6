import { expect, test } from 'vitest'
import { noticesOfCommand } from './notices-of-command.ts'

test("warns of a command with the front door's own port in it, and of a port that a shell has emptied", () => {
  expect(noticesOfCommand(['rackup', '-p', '3000'], 3000)).toEqual([
    expect.stringMatching(/^the workers' command has 3000 in it, bezel's own/),
  ])
  expect(noticesOfCommand(['puma', '-b', 'tcp://0.0.0.0:3000'], 3000)).toHaveLength(1)
  expect(noticesOfCommand(['rackup', '-p'], 3000)).toEqual([expect.stringMatching(/ends in -p, with no port behind it.*'\$PORT'/)])
})

test('says nothing of a command with a place for its port, another number, or no command', () => {
  for (const command of [
    ['rackup', '-p', '$PORT'],
    ['x', '3000', '{socket}'],
    ['x', '${PORT}', '3000'],
    ['x', '13000'],
    ['x', '30001'],
  ])
    expect(noticesOfCommand(command, 3000)).toEqual([])
  expect(noticesOfCommand(null, 3000)).toEqual([])
  expect(noticesOfCommand(['x', '-n', '0'], 0)).toEqual([])
})
