import { expect, test } from 'vitest'
import { memoryLimitIn } from './read-memory-limit.ts'

const text = (data: string, addressSpace: string): string => `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max data size             ${data.padEnd(20)} unlimited            bytes
Max address space         ${addressSpace.padEnd(20)} unlimited            bytes
`

test.each([
  ['unlimited', '300000000', 'RLIMIT_AS of 286 MB'],
  ['1073741824', 'unlimited', 'RLIMIT_DATA of 1024 MB'],
  ['unlimited', 'unlimited', null],
])('of data %s and address space %s is named what fails first', (data, addressSpace, told) => {
  expect(memoryLimitIn(text(data, addressSpace))).toBe(told)
})
