import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { readAppGemfile } from './read-app-gemfile.ts'

const read = (files: Readonly<Record<string, string>>) => {
  const { always, sometimes, groups } = readAppGemfile(memoryTree(new Map(Object.entries(files))), '/srv/app/Gemfile')
  return { always: [...always], sometimes: [...sometimes], groups }
}

test('gems of evaluated files are wanted as they stand there, and only where they are evaluated', () => {
  const found = read({
    '/srv/app/Gemfile': `gem "pg"
eval_gemfile "gemfiles/dev.rb"
eval_gemfile File.join(__dir__, "gemfiles", "more.rb")
eval_gemfile(File.expand_path("../shared.rb", __dir__))
if ENV["EDGE"]
  eval_gemfile "edge.rb"
end
eval_gemfile "gone.rb"
eval_gemfile ENV["OTHER"]
`,
    '/srv/app/gemfiles/dev.rb': 'group :development do\n  gem "byebug"\nend\neval_gemfile "inner.rb"\nend\n',
    '/srv/app/gemfiles/inner.rb': 'gem "inner"\n',
    '/srv/app/gemfiles/more.rb': 'gem "more"\n',
    '/srv/shared.rb': 'gem "shared"\n',
    '/srv/app/edge.rb': 'gem "edge"\n',
  })
  expect(found).toMatchObject({ always: ['pg', 'inner', 'more', 'shared'], sometimes: ['byebug', 'edge'] })
})

test('a gemspec stands for its gem, and for what its development needs', () => {
  const spec = (name: string, needs: string) => `Gem::Specification.new do |spec|\n  spec.name = "${name}"\n${needs}end\n`
  const found = read({
    '/srv/app/Gemfile': 'gemspec\ngemspec path: "engines/shop", development_group: :ci\n',
    '/srv/app/app.gemspec': spec('app', '  spec.add_dependency "pg"\n  spec.add_development_dependency "byebug", "~> 11"\n'),
    '/srv/app/engines/shop/shop.gemspec': spec('shop', "  spec.add_development_dependency('rspec')\n"),
  })
  expect(found).toMatchObject({ always: ['app', 'shop'], sometimes: ['byebug', 'rspec'] })
  expect(found.groups.get('rspec')).toEqual(new Set(['ci']))
})

test('files that evaluate each other for ever come to an end', () => {
  const found = read({ '/srv/app/Gemfile': 'gem "pg"\neval_gemfile "Gemfile"\neval_gemfile "Gemfile"\n' })
  expect(found.always).toEqual(['pg'])
})
