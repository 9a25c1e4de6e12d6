import { describe, expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import type { LockSource } from '../../formats/gemfile-lock/gemfile-lock.ts'
import { readBundleSettings } from './app-bundle.ts'
import { findUnpackedGem } from './unpacked-gem.ts'

const revision = '0123456789abcdef'
const checkout = '/home/bundler/gems/mono-0123456789ab'
const git = (glob: string | null = null): LockSource => ({ tag: 'Git', remote: 'https://example.org/a/mono.git', revision, glob })
const path = (remote: string): LockSource => ({ tag: 'Path', remote, glob: null })

function find(source: LockSource, files: readonly string[], config = '') {
  const all = files.map(
    (file) => [file, file.endsWith('.gemspec') ? 'Gem::Specification.new do |s|\n  s.name = "a-b"\nend\n' : ''] as const,
  )
  const tree = memoryTree(new Map([...all, ['/app/.bundle/config', config]]))
  const gem = { name: 'a-b', version: '1.0', variants: [], dependencies: [], source }
  return findUnpackedGem(tree, gem, readBundleSettings(tree, '/app', {}), ['/other', '/home'])
}

describe('a gem of a Git source', () => {
  test.each([
    ['beside its gemspec', null, `${checkout}/a-b.gemspec`, checkout],
    ['in a folder of whatever name', null, `${checkout}/ruby/a-b.gemspec`, `${checkout}/ruby`],
    ['where the lock says', 'x/y/*.gemspec', `${checkout}/x/y/a-b.gemspec`, `${checkout}/x/y`],
  ])('is found %s', (_, glob, file, folder) => {
    expect(find(git(glob), [file, `${checkout}/x/other.gemspec`])).toMatchObject({ folder, origin: 'git', fullName: 'mono-0123456789ab' })
  })

  test('has its lib also where nobody wrote a gemspec, as Bundler makes one up', () => {
    expect(find(git(), [`${checkout}/lib/a.rb`])).toMatchObject({ requireFolders: [`${checkout}/lib`], declaresExtensions: false })
  })

  test('stands in vendor/cache where Bundler was told to keep it there', () => {
    expect(find(git(), ['/app/vendor/cache/mono-0123456789ab/a-b.gemspec'])).toMatchObject({
      folder: '/app/vendor/cache/mono-0123456789ab',
      extensionsRoot: '/app/vendor/cache/extensions',
    })
  })

  test('is the folder that bundle config local puts in its place', () => {
    const found = find(git(), ['/work/ab/a-b.gemspec', `${checkout}/a-b.gemspec`], 'BUNDLE_LOCAL__A___B: "/work/ab"\n')
    expect(found).toMatchObject({ folder: '/work/ab', origin: 'path' })
  })
})

describe('a gem of a folder', () => {
  test('is found in a folder below it', () => {
    expect(find(path('../gems'), ['/gems/thing/a-b.gemspec'])).toMatchObject({ folder: '/gems/thing', origin: 'path' })
  })

  test('is its copy in vendor/cache, where there is one', () => {
    const copy = '/app/vendor/cache/ab/a-b.gemspec'
    expect(find(path('/else/ab'), ['/else/ab/a-b.gemspec', copy])).toMatchObject({ specPath: copy })
    expect(find(path('/else/ab'), [])).toBeNull()
  })
})
