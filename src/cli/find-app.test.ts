import { expect, test } from 'vitest'
import { memoryTree } from '../../test/support/memory-tree.ts'
import { findApp } from './find-app.ts'

const found = (...locks: readonly string[]) => findApp(memoryTree(new Map(locks.map((path) => [path, '']))))

test('the app of a root is where a lock stands: usual folders first, then those that servers give their users', () => {
  expect(found('/srv/other/Gemfile.lock', '/app/Gemfile.lock', '/Gemfile.lock')).toBe('/app')
  expect(found('/Gemfile.lock')).toBe('/')
  expect(found('/srv/shop/gems.locked')).toBe('/srv/shop')
  expect(found('/home/deploy/shop/current/Gemfile.lock')).toBe('/home/deploy/shop/current')
  expect(found('/var/www/shop/current/Gemfile.lock')).toBe('/var/www/shop/current')
  expect(found('/etc/passwd')).toBe('/')
})
