import { expect, test } from 'vitest'
import { readGemfileGems } from './read-gemfile-gems.ts'

const read = (text: string) => {
  const { always, sometimes } = readGemfileGems(text)
  return { always: [...always], sometimes: [...sometimes] }
}

test('gems outside every group are always wanted', () => {
  const text = `source "https://rubygems.org"
ruby "3.3.0"
gem "rails", "~> 7.1" # the framework
gem 'pg'
gem("puma", ">= 5.0",
  require: false)
git "https://example.com/a.git" do
  gem "a"
end
`
  expect(read(text)).toEqual({ always: ['rails', 'pg', 'puma', 'a'], sometimes: [] })
})

test('gems of a group, a platform or a condition are wanted sometimes, unless they are named outside as well', () => {
  const text = `group :development, :test do
  gem "debug", platforms: %i[ mri windows ]
  platforms :mri do
    gem "byebug"
  end
end
gem "web-console", group: :development
gem "tzinfo-data", platforms: [:windows]
gem "bootsnap", :group => :production,
  require: false
if ENV["EDGE"]
  gem "edge"
end
gem "late" if RUBY_VERSION > "3"
group :default, :test do
  gem "json"
end
gem "listen"
group(:test) do |*|
  gem "listen"
end
`
  expect(read(text)).toEqual({
    always: ['json', 'listen'],
    sometimes: ['debug', 'byebug', 'web-console', 'tzinfo-data', 'bootsnap', 'edge', 'late'],
  })
})

test('braces and assigned conditions narrow as blocks do', () => {
  const text = `group(:test) {
  gem "rspec"
}
%w[a b].each { |name|
  gem "plain"
}
group :development do
  version = if ENV["NEW"]
    "2"
  else
    "1"
  end
  gem "debug"
end
gem "last"
`
  expect(read(text)).toEqual({ always: ['plain', 'last'], sometimes: ['rspec', 'debug'] })
})

test('nothing is said of a gem whose options are computed, and nothing is read from what Ruby does not read', () => {
  const text = `gem "one", **options
gem "two", "~> 1.0", options
gem "three", *args
gem("four", options)
gem "five", "~> 1.0", require: false
=begin
gem "six"
=end
gem "seven", path: ENV.fetch("SEVEN", "../seven")
__END__
gem "eight"
`
  expect(read(text)).toEqual({ always: ['five', 'seven'], sometimes: [] })
})

test('the groups of a gem are those of its blocks and options, of all its lines, and unknown where they are computed', () => {
  const { groups, optionalGroups } = readGemfileGems(`gem "plain", require: false
group :one, "two", optional: true do
  platforms :mri do
    gem "inner", group: :three, require: false
  end
end
gem "listed", groups: [:a, :b], require: false
gem "words", :group => %i[a b]
group(:c) do |*|
  gem "listed"
end
group *names do
  gem "starred"
end
gem "named", group: NAMES
gem "asked", group: :a if ENV["A"]
`)
  expect(Object.fromEntries([...groups].map(([name, mine]) => [name, mine === null ? null : [...mine]]))).toEqual({
    plain: ['default'],
    inner: ['one', 'two', 'three'],
    listed: ['a', 'b', 'c'],
    words: ['a', 'b'],
    starred: null,
    named: null,
    asked: null,
  })
  expect([...optionalGroups]).toEqual(['one', 'two'])
})

test("what unconditional lines ask of a gem's version is told as RubyGems writes it", () => {
  const text = `gem "pg", "1.5.9"
gem 'rails', '~>7.1', ">= 7.1.2", require: false
gem "puma", require: "puma/plugin"
gem("msgpack", "= 1.7.3")
gem "odd", "1.0", github: "a/odd"
gem "ours", "~> 2.0", path: "ours"
gem "hash", "~> 3.0", "group" => "test"
gem "computed", VERSION
gem "twice", ">= 1"
gem "twice", "< 2"
gem "edge", "~> 1.0"
gem "edge", "~> 2.0" if ENV["EDGE"]
platforms :jruby do
  gem "edge", "0.9"
end
`
  expect(Object.fromEntries(readGemfileGems(text).requirements)).toEqual({
    pg: ['= 1.5.9'],
    rails: ['~> 7.1', '>= 7.1.2'],
    puma: [],
    msgpack: ['= 1.7.3'],
    hash: ['~> 3.0'],
    computed: [],
    twice: ['>= 1', '< 2'],
    edge: ['~> 1.0'],
  })
})

test('options on lines of their own, behind comments, in braces and under quoted names belong to their gem', () => {
  const text = `gem "one",
  # not in production

  group: :development
gem "two", require: [
  "two", "two/core" # both
], group: :test
gem "three", {
  require: false,
  group: :development
}
gem "four", "group" => "test"
gem "five", require: %w[
  a b
], platforms: :jruby
gem "six", install_if: -> { RUBY_PLATFORM =~ /don't/ }
gem "plain", require: [
  "plain"
]
gem "last"
`
  expect(read(text)).toEqual({ always: ['plain', 'last'], sometimes: ['one', 'two', 'three', 'four', 'five', 'six'] })
  const { groups } = readGemfileGems(text)
  expect([...(groups.get('two') ?? []), ...(groups.get('three') ?? []), ...(groups.get('four') ?? [])]).toEqual([
    'test',
    'development',
    'test',
  ])
})

test('several statements on one line, and text that is no code, are told apart', () => {
  const text = `group(:development) { gem "a" }
group :test do gem "b" end
group :test do; gem "c"; gem "d"; end
if ENV["E"] then gem "e" else gem "other" end
def ours(name) = gem(name, path: name)
puts <<~TEXT if ENV["HELP"]
  gem "said" is not asked for
  if only it were
TEXT
install_if(-> {
  ENV["F"]
}) do
  gem "f"
end
gem "its", '~> 1; # "2'; gem "g"
`
  expect(read(text)).toEqual({ always: ['its', 'g'], sometimes: ['a', 'b', 'c', 'd', 'e', 'f'] })
})

test('a quote or a bracket that is misread costs one gem at most', () => {
  expect(read('x = /["(]/\ngem "one"\ny = ?(\ngem "two"\n').always).toEqual(['one', 'two'])
})

test('is whole where every line tells all of its gem', () => {
  const whole = `source "https://rubygems.org"
source 'https://gems.example.org'
ruby "3.3.0"
ruby file: ".ruby-version"
git_source(:github) { |repo| "https://github.com/#{repo}.git" }
gem "rails", "~> 7.1", ">= 7.1.2"
gem("puma", ">= 5.0", require: false)
gem 'pg', '= 1.5.9', :require => 'pg'
group :development, :test do
  gem "debug", platforms: %i[mri windows], require: "debug/prelude"
  gem "rspec", "~> 3.13"
end
gem "late" if RUBY_VERSION > "3"
gem "later", platforms: :mri unless ENV["NOW"]
`
  expect(readGemfileGems(whole)).toMatchObject({
    isWhole: true,
    requirements: new Map([
      ['rails', ['~> 7.1', '>= 7.1.2']],
      ['puma', ['>= 5.0']],
      ['pg', ['= 1.5.9']],
      ['rspec', ['~> 3.13']],
    ]),
  })
})

test.each([
  'gem name',
  'gem "pg", VERSION',
  'gem "pg", Versions::PG',
  'gem "pg", ENV["PG"]',
  'gem "pg", ENV.fetch("PG", "1.5"), require: false',
  'gem "pg", "~> #{minor}"',
  'gem "pg", ["~> 1.5", "< 2"]',
  'gem "pg", *requirements',
  'gem "pg", "newest"',
  'gem "pg", "~> 1.5" if ENV["PG"]',
  'gem "ffi", "1.16", platforms: :mri',
  'gem "shop", path: "shop"',
  'gem "rails", github: "rails/rails"',
  'gem "a", source: "https://gems.example.org"',
  'eval_gemfile "more.rb"',
  'gemspec',
  'instance_eval File.read("more.rb")',
  'send(:gem, "pg")',
  'Dir["*.gemspec"].each { |file| gemspec name: file }',
])('is not whole with %s', (line) => {
  expect(readGemfileGems(`gem "rack"\n${line}\n`).isWhole).toBe(false)
})
