import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flagOf, variableOf } from './option.ts'
import { optionNames, optionsTable, type OptionName } from './options-table.ts'
import { resolveValues } from './resolve-values.ts'
import { readYamlFile } from './yaml-file.ts'

function resolve({
  yaml = '',
  env = {},
  flags = {},
}: {
  yaml?: string
  env?: Record<string, string>
  flags?: Partial<Record<OptionName, string>>
}) {
  const { file, problems } = readYamlFile('bezel.yml', yaml)
  const resolved = resolveValues({ flags: new Map(Object.entries(flags)) as Map<OptionName, string>, env, file })
  return { ...resolved, problems: [...problems, ...resolved.problems].map(({ place, message }) => `${place}: ${message}`) }
}

describe('the layers', () => {
  test('every option has its default when nothing is said', () => {
    const { values, origins, problems } = resolve({})
    expect(problems).toEqual([])
    for (const name of optionNames) {
      expect(values[name]).toEqual(optionsTable[name].fallback)
      expect(origins[name]).toEqual({ tag: 'Default' })
    }
  })

  test('a flag wins over a variable, a variable over the file, the file over the default', () => {
    const yaml = 'workers:\n  count: 2\n'
    const env = { BEZEL_WORKERS_COUNT: '3' }
    const flags = { 'workers.count': '4' }
    const at = (input: Parameters<typeof resolve>[0]) => {
      const { values, origins } = resolve(input)
      return [values['workers.count'], origins['workers.count']]
    }
    expect(at({})).toEqual([null, { tag: 'Default' }])
    expect(at({ yaml })).toEqual([2, { tag: 'File', place: 'bezel.yml:2:3' }])
    expect(at({ yaml, env })).toEqual([3, { tag: 'Variable', variable: 'BEZEL_WORKERS_COUNT' }])
    expect(at({ yaml, env, flags })).toEqual([4, { tag: 'Flag', flag: '--workers' }])
    expect(at({ yaml, env: { BEZEL_WORKERS_COUNT: '' } })[0]).toBe(2)
  })

  test('a default survives being written down as it is shown', () => {
    for (const name of optionNames) {
      const { kind, fallback } = optionsTable[name]
      expect(kind.schema.parse(kind.show(fallback)), name).toEqual(fallback)
    }
  })

  test('no two options share a flag or a variable', () => {
    const flags = optionNames.flatMap((name) => flagOf(name, optionsTable[name]) ?? [])
    const variables = optionNames.flatMap((name) => variableOf(name, optionsTable[name]) ?? [])
    expect(new Set(flags).size).toBe(flags.length)
    expect(new Set(variables).size).toBe(variables.length)
  })

  test('durations and sizes carry their unit', () => {
    const { values } = resolve({ yaml: 'workers: { start_timeout: 1.5m, memory_soft: 512MB }\nfront_door: { queue_deadline: 500ms }\n' })
    expect(values['workers.start_timeout']).toBe(90_000)
    expect(values['workers.memory_soft']).toBe(512 * 2 ** 20)
    expect(values['front_door.queue_deadline']).toBe(500)
    expect(resolve({ yaml: 'workers: { start_timeout: 30 }' }).problems).toEqual([
      'bezel.yml:1:27: workers.start_timeout: 30 is not a duration from 1s to 1h, such as 500ms, 30s or 2m; did you mean 30s?',
    ])
  })

  test('gateway and validation may be said in one word', () => {
    const { values, origins } = resolve({ yaml: 'gateway: off\nvalidation: warn\n' })
    expect(values['gateway.enabled']).toBe(false)
    expect(values['validation.mode']).toBe('warn')
    expect(origins['gateway.enabled']).toEqual({ tag: 'File', place: 'bezel.yml:1:1' })
  })
})

describe('what is wrong', () => {
  test('several mistakes are told at once, each with its place, value, and what was wanted', () => {
    const yaml = [
      'workers:',
      '  cuont: 2',
      '  mode: isolate',
      '  threads: -1',
      'frontdoor: 1',
      'shutdown: 5s',
      'log: { level: loud }',
    ].join('\n')
    expect(resolve({ yaml, env: { BEZEL_FRONT_DOOR_PORT: '99999' }, flags: { 'workers.count': 'many' } }).problems).toEqual([
      'bezel.yml:2:3: workers.cuont is not an option; did you mean workers.count?',
      'bezel.yml:5:1: frontdoor is not an option; did you mean front_door?',
      'bezel.yml:6:11: shutdown: "5s" is not a map of its options',
      'bezel.yml:3:9: workers.mode: "isolate" is not one of isolated, cluster; did you mean isolated?',
      '--workers: workers.count: "many" is not a whole number from 1 to 1024, or auto',
      'bezel.yml:4:12: workers.threads: -1 is not a whole number from 1 to 1024, or auto',
      'BEZEL_FRONT_DOOR_PORT: front_door.port: 99999 is not a whole number from 0 to 65535, or auto',
      'bezel.yml:7:15: log.level: "loud" is not one of debug, info, warn, error',
    ])
  })

  test('a mistake inside a structure points at its own line', () => {
    const yaml =
      'ignore:\n  - finding: abi-mismatch\n    reason: known\n    until: soon\n    extra: 1\ndatabases:\n  primary:\n    pool_size: 0\n'
    const { problems } = resolve({ yaml })
    expect(problems).toHaveLength(3)
    expect(problems[0]).toMatch(/^bezel\.yml:8:16: databases\.primary\.pool_size: /)
    expect(problems[1]).toMatch(/^bezel\.yml:4:12: ignore \(entry 1\)\.until: /)
    expect(problems[2]).toBe('bezel.yml:5:5: ignore (entry 1).extra is not known; known are finding, gem, reason, until')
  })

  test('a wrong value is told even where a higher layer wins', () => {
    expect(resolve({ yaml: 'workers: { count: x }', flags: { 'workers.count': '2' } }).problems).toHaveLength(1)
  })

  test('a wrong token is never printed', () => {
    const { problems } = resolve({ env: { BEZEL_ADMIN_TOKEN: 'hunter2' } })
    expect(problems).toHaveLength(1)
    expect(problems[0]).not.toContain('hunter2')
  })

  test('a BEZEL_ variable that resembles an option is a notice, not an error', () => {
    const { problems, notices } = resolve({ env: { BEZEL_WORKER_COUNT: '2', BEZEL_DEBUG: '1', BEZEL_SETUP_LOCKED: '1', OTHER: 'x' } })
    expect(problems).toEqual([])
    expect(notices).toEqual(['BEZEL_WORKER_COUNT is not an option and is ignored; did you mean BEZEL_WORKERS_COUNT?'])
  })

  test('no text makes the reader throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.constantFrom(...optionNames), (text, name) => {
        resolve({ yaml: text, flags: { [name]: text } })
      }),
    )
  })
})
