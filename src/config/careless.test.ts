import { describe, expect, test } from 'vitest'
import { resolveValues } from './resolve-values.ts'
import { readYamlFile } from './yaml-file.ts'

function mistakesIn(yaml: string): string[] {
  const { file, problems } = readYamlFile('bezel.yml', yaml)
  const resolved = resolveValues({ flags: new Map(), env: {}, file })
  return [...problems, ...resolved.problems].map(({ place, message }) => `${place}: ${message}`)
}

const below = (line: string) => `workers:\n  ${line}\n`
const time = 'is not a duration from 1s to 1h, such as 500ms, 30s or 2m'
const size = 'is not a size from 16MB to 1024GB, such as 64KB, 512MB or 2GB, or none'
const count = 'is not a whole number from 1 to 1024, or auto'

describe('a careless bezel.yml is told its place, what is allowed, and what was probably meant', () => {
  test.each([
    // Units.
    [below('start_timeout: 30'), `2:18: workers.start_timeout: 30 ${time}; did you mean 30s?`],
    [below('start_timeout: 5000'), `2:18: workers.start_timeout: 5000 ${time}; did you mean 5000ms?`],
    [below('start_timeout: 30 sec.'), `2:18: workers.start_timeout: "30 sec." ${time}; did you mean 30s?`],
    [below('start_timeout: 2Minutes'), `2:18: workers.start_timeout: "2Minutes" ${time}; did you mean 2m?`],
    [below('start_timeout: 2 hours'), `2:18: workers.start_timeout: "2 hours" ${time}`],
    [below('start_timeout: soon'), `2:18: workers.start_timeout: "soon" ${time}`],
    [below('memory_soft: 512 MB'), `2:16: workers.memory_soft: "512 MB" ${size}; did you mean 512MB?`],
    [below('memory_soft: 1GiB'), `2:16: workers.memory_soft: "1GiB" ${size}; did you mean 1GB?`],
    [below('memory_soft: 600'), `2:16: workers.memory_soft: 600 ${size}; did you mean 600MB?`],
    [below('memory_soft: -5MB'), `2:16: workers.memory_soft: "-5MB" ${size}`],
    // Types.
    [below('count: "2"'), `2:10: workers.count: "2" ${count}; did you mean 2, without quotes?`],
    [below('count: 1e99'), `2:10: workers.count: 1e+99 ${count}`],
    [below('count: [2]'), `2:10: workers.count: [2] ${count}`],
    [below('count:2'), '2:3: workers: "count:2" is not a map of its options; a space must follow the colon'],
    ['gateway: yes', '1:10: gateway.enabled: "yes" is not on or off; did you mean on?'],
    ['validation: enforced', '1:13: validation.mode: "enforced" is not one of enforce, warn, off; did you mean enforce?'],
    // Keys.
    [below('port: 80'), '2:3: workers.port is not an option; did you mean front_door.port?'],
    ['threads: 5', '1:1: threads is not an option; did you mean workers.threads?'],
    ['frontDoor: { port: 1 }', '1:1: frontDoor is not an option; did you mean front_door?'],
    [below('start-timeout: 3s'), '2:3: workers.start-timeout is not an option; did you mean workers.start_timeout?'],
    ['databases:\n  cache: { gatway: off }', '2:12: databases.cache.gatway is not known; did you mean gateway?'],
    ['databases: { cache: off }', '1:21: databases.cache: "off" is not a map of { url, gateway, pool_size, required }'],
    ['ignore:\n  - { finding: x1, reason: why }', '2:5: ignore (entry 1).until is missing: a day as YYYY-MM-DD'],
    [below('env: { "A B": 1 }'), '2:10: workers.env.A B: "A B" is not a name of letters, digits and underscores'],
    [below('env: { A: }'), '2:13: workers.env.A: null is not a text, a number, true or false'],
    // YAML.
    ['workers:\n\tcount: 2', '2:1: not valid YAML: a line is indented by a tab; use spaces'],
    ['workers:\n count: 2\n  threads: 3', '2:9: not valid YAML: no key can stand here; indent it'],
    ['workers: {}\nworkers: {}', '2:1: not valid YAML: this key stands here for the second time'],
    ['a: *b', '1:4: not valid YAML: no anchor is named b'],
    ['workers: !ruby/object:Foo {}', '1:10: not valid YAML: Unresolved tag'],
    ['workers: {}\n---\nworkers: {}', '2:1: a second document begins: a bezel.yml holds one'],
    ['- workers', '1:1: must hold a map of options'],
    ['\ufeffworkers:\n  count: x', `2:10: workers.count: "x" ${count}`],
  ])('%j', (yaml, mistake) => {
    const mistakes = mistakesIn(yaml)
    expect(mistakes).toHaveLength(1)
    expect(mistakes[0]?.startsWith(`bezel.yml:${mistake}`), mistakes[0]).toBe(true)
  })

  test('without what is secret', () => {
    const told = mistakesIn('databases: { a: { url: ["postgres://u:hunter2@h/d"] } }\nworkers: { env: { API_TOKEN: [hunter2] } }\n').join(
      '\n',
    )
    expect(told).toContain('databases.a.url')
    expect(told).toContain('workers.env.API_TOKEN')
    expect(told).not.toContain('hunter2')
  })
})
