import { describe, expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readBundleSettings } from './app-bundle.ts'

const settings = (files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
  readBundleSettings(memoryTree(new Map(Object.entries(files))), '/srv/app', env)
const gemfile = { '/srv/app/Gemfile': '', '/srv/app/Gemfile.lock': '' }

describe('in a root, whose environment nobody knows', () => {
  test("the official image's own configuration counts as the app's", () => {
    const files = { ...gemfile, '/usr/local/bundle/config': 'BUNDLE_WITHOUT: "development:test"\n' }
    expect(settings(files)).toMatchObject({ without: true, path: null })
    expect(settings(files, { PATH: '/usr/bin' })).toMatchObject({ without: false })
  })

  test("it counts also where the app's own, copied in, names a folder without gems, and the image's holds them", () => {
    const files = {
      ...gemfile,
      '/srv/app/.bundle/config': 'BUNDLE_PATH: "vendor/bundle"\n',
      '/usr/local/bundle/specifications/a.gemspec': '',
    }
    expect(settings(files)).toMatchObject({ path: null, configFolder: '/usr/local/bundle' })
    const own = { ...files, '/srv/app/vendor/bundle/ruby/3.1.0/specifications/a.gemspec': '' }
    expect(settings(own)).toMatchObject({ path: '/srv/app/vendor/bundle', configFolder: '/srv/app/.bundle' })
  })

  test('the bundle may be where deployment mode and images put it, unless something names a folder', () => {
    expect(settings(gemfile).likelyPaths).toEqual(expect.arrayContaining(['/srv/app/vendor/bundle', '/usr/local/bundle']))
    expect(settings(gemfile, { PATH: '/usr/bin' }).likelyPaths).toEqual([])
    expect(settings({ ...gemfile, '/srv/app/.bundle/config': 'BUNDLE_PATH: "elsewhere"\n' })).toMatchObject({
      path: '/srv/app/elsewhere',
      likelyPaths: [],
    })
  })
})

test('the configuration may name another Gemfile, whose lock stands beside it', () => {
  const files = { ...gemfile, '/srv/app/.bundle/config': 'BUNDLE_GEMFILE: "gemfiles/rails.gemfile"\n' }
  expect(settings(files)).toMatchObject({
    gemfilePath: '/srv/app/gemfiles/rails.gemfile',
    lockPath: '/srv/app/gemfiles/rails.gemfile.lock',
  })
})

test('gems.rb counts more than a Gemfile beside it, as for Bundler', () => {
  expect(settings(gemfile)).toMatchObject({ gemfilePath: '/srv/app/Gemfile', lockPath: '/srv/app/Gemfile.lock' })
  expect(settings({ ...gemfile, '/srv/app/gems.rb': '' })).toMatchObject({
    gemfilePath: '/srv/app/gems.rb',
    lockPath: '/srv/app/gems.locked',
  })
})

test('an empty BUNDLE_GEMFILE names none', () => {
  expect(settings(gemfile, { PATH: '/usr/bin', BUNDLE_GEMFILE: '' })).toMatchObject({ gemfilePath: '/srv/app/Gemfile' })
})
