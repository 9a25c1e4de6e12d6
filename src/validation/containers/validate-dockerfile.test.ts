import { expect, test } from 'vitest'
import { memoryTree } from '../../../test/support/memory-tree.ts'
import { validateDockerfile } from './validate-dockerfile.ts'

const judge = (files: Readonly<Record<string, string>>) => validateDockerfile(memoryTree(new Map(Object.entries(files))), '/app/Dockerfile')

test('a file without a FROM is no Dockerfile', () => {
  expect(judge({ '/app/Dockerfile': 'source "https://rubygems.org"\n' })).toMatchObject({
    verdict: 'incompatible',
    findings: [{ code: 'DOCKERFILE_UNREADABLE', severity: 'error', evidence: [{ where: '/app/Dockerfile' }] }],
  })
})

test('a file without gems is neither compatible nor incompatible', () => {
  expect(judge({ '/app/Dockerfile': 'FROM debian:12\nRUN apt-get install -y ruby\n' })).toMatchObject({
    verdict: 'unknown',
    findings: [{ code: 'DOCKERFILE_TELLS_NOTHING', severity: 'note', remedy: [] }],
  })
})

test('where there is no file, there is nothing to judge', () => {
  expect(judge({})).toBeNull()
})

test('vendor/bundle beside it counts unless .dockerignore leaves it out', () => {
  const files = { '/app/Dockerfile': 'FROM ruby:3.3\nCOPY . /app\nRUN bundle install\n', '/app/vendor/bundle/ruby/3.3.0/gems/a/a.rb': '' }
  expect(judge(files)?.findings.map(({ code }) => code)).toEqual(['HOST_BUNDLE_COPIED'])
  for (const line of ['vendor/bundle', 'vendor', './vendor/bundle/', '**/vendor/bundle'])
    expect(judge({ ...files, '/app/.dockerignore': `log\n${line}\n` })).toMatchObject({ verdict: 'compatible', findings: [] })
})

test('BuildKit reads the .dockerignore of the Dockerfile before the common one, so the remedy is for that', () => {
  const files = { '/app/Dockerfile': 'FROM ruby:3.3\nCOPY . /app\nRUN bundle install\n', '/app/vendor/bundle/ruby/3.3.0/gems/a/a.rb': '' }
  const common = { ...files, '/app/.dockerignore': 'vendor' }
  expect(judge(common)).toMatchObject({ findings: [] })
  expect(judge({ ...common, '/app/Dockerfile.dockerignore': 'log' })).toMatchObject({
    findings: [{ code: 'HOST_BUNDLE_COPIED', remedy: ["printf '\\nvendor/bundle\\n' >> Dockerfile.dockerignore"] }],
  })
})
