import { describe, expect, test } from 'vitest'
import { readYamlFile } from './yaml-file.ts'

const problemsOf = (text: string) => readYamlFile('bezel.yml', text).problems.map(({ place, message }) => `${place}: ${message}`)

describe('a bezel.yml', () => {
  test('may be empty, or hold only comments', () => {
    expect(readYamlFile('bezel.yml', '').file?.root).toEqual({})
    expect(readYamlFile('bezel.yml', '# nothing yet\n').file?.root).toEqual({})
  })

  test('may use anchors, aliases and merge keys, and places still point at a line', () => {
    const { file } = readYamlFile('bezel.yml', 'a: &a\n  x: 1\nb:\n  <<: *a\n  y: 2\nc: *a\n')
    expect(file?.root).toEqual({ a: { x: 1 }, b: { x: 1, y: 2 }, c: { x: 1 } })
    expect(file?.placeOf(['a', 'x'], 'value')).toBe('bezel.yml:2:6')
    expect(file?.placeOf(['b', 'y'], 'key')).toBe('bezel.yml:5:3')
    expect(file?.placeOf(['b', 'x'], 'value')).toBe('bezel.yml:4:3')
    expect(file?.placeOf(['c', 'x'], 'value')).toBe('bezel.yml:2:6')
  })

  test('that is broken says where', () => {
    expect(problemsOf('a: [1\nb: 2\n')[0]).toMatch(/^bezel\.yml:2:1: not valid YAML: /)
    expect(problemsOf('a: 1\na: 2\n')).toEqual(['bezel.yml:2:1: not valid YAML: this key stands here for the second time'])
    expect(problemsOf('a: 1\n---\nb: 2\n')[0]).toMatch(/^bezel\.yml:2:1: /)
    expect(problemsOf('- 1\n')).toEqual(['bezel.yml:1:1: must hold a map of options, such as "workers: { count: 2 }"'])
  })

  test('is bounded in size, depth and aliases', () => {
    expect(problemsOf('#'.repeat(300_000))).toEqual(['bezel.yml: is larger than 256 KB'])
    expect(problemsOf(`a: ${'['.repeat(100_000)}`).length).toBeGreaterThan(0)
    const bomb = ['a: &a0 [x]', ...Array.from({ length: 30 }, (_, n) => `k${n}: &a${n + 1} [*a${n}, *a${n}, *a${n}, *a${n}]`)].join('\n')
    expect(problemsOf(bomb)).toHaveLength(1)
  })
})
