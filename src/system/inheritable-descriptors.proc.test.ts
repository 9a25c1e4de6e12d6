import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { watchLeaks } from '../../test/support/leaks.ts'
import { inheritableDescriptors } from './inheritable-descriptors.ts'

watchLeaks()

test('names what whoever started the process had left open, and nothing that Node opened', () => {
  const fd = openSync('/dev/null', 'r')
  expect(inheritableDescriptors()).not.toContain(fd)
  const script = `
    const { inheritableDescriptors } = await import(${JSON.stringify(join(import.meta.dirname, 'inheritable-descriptors.ts'))})
    const { openSync } = await import('node:fs')
    const own = openSync('/dev/null', 'r')
    console.log(JSON.stringify({ given: inheritableDescriptors().includes(40), own: inheritableDescriptors().includes(own) }))`
  const stdio: ('ignore' | 'pipe' | 'inherit' | number)[] = [
    'ignore',
    'pipe',
    'inherit',
    ...Array.from({ length: 37 }, () => 'ignore' as const),
    fd,
  ]
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { stdio })
  closeSync(fd)
  expect(JSON.parse(stdout.toString())).toEqual({ given: true, own: false })
})
