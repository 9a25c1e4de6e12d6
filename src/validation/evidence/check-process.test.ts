import { expect, test } from 'vitest'
import { checkMounts } from './check-process.ts'

test('of several mounts over a folder the last one over the longest path is in force', () => {
  const line = (point: string, options: string) => `36 35 98:0 / ${point} ${options} shared:1 - ext4 /dev/sda1 rw`
  const inForce = (...lines: readonly string[]) =>
    checkMounts(lines.join('\n'), ['/srv/my app/vendor']).map(({ evidence }) => evidence[0]?.where)
  expect(inForce(line('/', 'rw,noexec'))).toEqual(['/'])
  expect(inForce(line('/srv', 'rw,noexec'), line('/', 'rw'))).toEqual(['/srv'])
  expect(inForce(line('/srv/my\\040app', 'rw'), line('/srv', 'rw,noexec'))).toEqual([])
  expect(inForce(line('/srv', 'rw,noexec'), line('/srv', 'rw,exec'))).toEqual([])
  expect(inForce(line('/srv/my', 'rw,noexec'), 'nonsense', line('/', 'rw'))).toEqual([])
})
