import { expect, test } from 'vitest'
import { readDependencies } from './read-dependencies.ts'

const head = '# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.16.0 ruby lib\n\nGem::Specification.new do |s|\n'

test('what RubyGems 3.4 and later write', () => {
  const text = `${head}  s.specification_version = 4

  s.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4".freeze])
  s.add_dependency(%q<mini_portile2>.freeze, ["~> 2.8".freeze, ">= 2.8.2".freeze])
  s.add_development_dependency(%q<rspec>.freeze, [">= 0".freeze])
end
`
  expect(readDependencies(text)).toEqual([
    { name: 'racc', requirement: ['~> 1.4'] },
    { name: 'mini_portile2', requirement: ['~> 2.8', '>= 2.8.2'] },
  ])
})

test('what earlier ones write: the branch for ancient versions has those for development', () => {
  const text = `${head}  if s.respond_to? :specification_version then
    s.specification_version = 4
  end

  if s.respond_to? :add_runtime_dependency then
    s.add_runtime_dependency(%q<racc>, ["~> 1.4"])
    s.add_development_dependency(%q<rspec>.freeze, ["= 3.13"])
  else
    s.add_dependency(%q<racc>, ["~> 1.4"])
    s.add_dependency(%q<rspec>.freeze, ["= 3.13"])
  end
end
`
  expect(readDependencies(text)).toEqual([{ name: 'racc', requirement: ['~> 1.4'] }])
})

test('of a gem that needs nothing there are none; what somebody wrote by hand may compute them', () => {
  expect(readDependencies(`${head}end\n`)).toEqual([])
  expect(readDependencies('Gem::Specification.new do |s|\n  s.add_dependency "racc"\nend\n')).toBeNull()
})
