import { expect, test } from 'vitest'
import { checkCombinations } from './check-combinations.ts'
import { resolveValues } from './resolve-values.ts'
import { readYamlFile } from './yaml-file.ts'

function check(yaml: string, hasCommand = false) {
  const { file } = readYamlFile('bezel.yml', yaml)
  const { values, origins, problems } = resolveValues({ flags: new Map(), env: {}, file })
  expect(problems).toEqual([])
  return checkCombinations(values, origins, hasCommand).map(({ place, message }) => `${place}: ${message}`)
}

test('the defaults fit together', () => {
  expect(check('')).toEqual([])
})

test.each([
  [
    'workers: { memory_soft: 2GB, memory_hard: 1GB }',
    'bezel.yml:1:12: workers.memory_soft: must not be above workers.memory_hard (bezel.yml:1:30)',
  ],
  ['workers: { restart_wait: 2m }', 'bezel.yml:1:12: workers.restart_wait: must not be above workers.restart_wait_most (its default)'],
  ['front_door: { max_head: 4KB }', 'bezel.yml:1:15: front_door.max_target: must not be above front_door.max_head (bezel.yml:1:15)'],
  ['workers: { server: command }', 'bezel.yml:1:12: workers.server: command wants workers.command, or "bezel run -- COMMAND"'],
  [
    'admin: { listen: "0.0.0.0:9191" }',
    'bezel.yml:1:10: admin.listen: 0.0.0.0:9191 is not a loopback address: set admin.token (or BEZEL_ADMIN_TOKEN) as well',
  ],
  ['admin: { listen: "127.0.0.1:99999" }', 'bezel.yml:1:10: admin.listen: "127.0.0.1:99999" is not an address with a port from 1 to 65535'],
  [
    'workers: { address: "127.0.0.1:0" }',
    'bezel.yml:1:12: workers.address: "127.0.0.1:0" is neither IP:PORT nor an absolute socket path of at most 107 bytes',
  ],
])('%s', (yaml, problem) => {
  expect(check(yaml)).toEqual([problem])
})

test('a memory limit that is met exactly is no contradiction, nor is a loopback address without a token', () => {
  expect(check('workers: { memory_soft: 1GB, memory_hard: 1GB }\nadmin: { listen: "127.0.0.1:9191" }')).toEqual([])
  expect(check('workers: { server: command }', true)).toEqual([])
})
