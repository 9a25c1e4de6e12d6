import { describe, expect, test } from 'vitest'
import { readDockerfile } from '../../formats/dockerfile/read-dockerfile.ts'
import { lintDockerfile } from './lint-dockerfile.ts'

function lint(text: string, context = { hasHostBundle: false, ignoresHostBundle: false }) {
  const file = readDockerfile(text)
  if (file.tag === 'Malformed') throw new Error(file.why)
  return lintDockerfile(file, 'Dockerfile', context)
}

const stages = (build: string, run: string, rest = '') => `FROM ${build} AS build
RUN bundle install
FROM ${run}
${rest}
COPY --from=build /usr/local/bundle /usr/local/bundle
`

describe('a Dockerfile of several stages', () => {
  test.each([
    ['ruby:3.3-bookworm', 'ruby:3.3-bookworm', []],
    ['ruby:3.1', 'ruby:3.3-slim', ['STAGES_RUBY_DIFFERS']],
    ['ruby:3.3', 'ruby:3.3-alpine', ['STAGES_LIBC_DIFFERS']],
    ['ruby:3.3-bookworm', 'ruby:3.3-bullseye', ['STAGES_RELEASE_DIFFERS']],
    ['--platform=linux/arm64 ruby:3.3', '--platform=linux/amd64 ruby:3.3', ['STAGES_PLATFORM_DIFFERS']],
    ['example.test/team/base:7', 'ruby:3.3', []],
    ['registry.example.test:5000/library/ruby:2.7.8-slim', 'ruby:3.3', ['STAGES_RUBY_DIFFERS']],
  ])('built on %s, run on %s: %j', (build, run, codes) => {
    expect(lint(stages(build, run)).map(({ code }) => code)).toEqual(codes)
  })

  test('is seen through build arguments and stages upon stages, with the lines', () => {
    const text = `ARG RUBY=3.1
FROM ruby:\${RUBY}-slim AS base
FROM base AS build
RUN bundle install
FROM ruby:3.3-slim
COPY --from=build /app/vendor/bundle /app/vendor/bundle
`
    expect(lint(text)).toMatchObject([
      {
        code: 'STAGES_RUBY_DIFFERS',
        evidence: [
          { what: 'built on ruby:3.1-slim', where: 'Dockerfile:3' },
          { what: 'copied into ruby:3.3-slim', where: 'Dockerfile:6' },
        ],
      },
    ])
  })

  test('that builds with a library must install it to run', () => {
    const build = (final: string) => `FROM ruby:3.3-slim AS build
RUN apt-get update && \\
    apt-get install -y build-essential libpq-dev
RUN bundle install
FROM ruby:3.3-slim
${final}
COPY --from=build /usr/local/bundle /usr/local/bundle
`
    expect(lint(build('RUN true'))).toMatchObject([{ code: 'STAGE_LIBRARY_ABSENT', mend: { lines: [expect.stringContaining('libpq5')] } }])
    expect(lint(build('RUN apt-get install -y libpq5'))).toEqual([])
  })

  test('does not concern files that hold no gems', () => {
    expect(lint('FROM node:22 AS assets\nRUN npm run build\nFROM ruby:3.3-alpine\nCOPY --from=assets /app/public /app/public\n')).toEqual(
      [],
    )
  })
})

test("this machine's own gems must stay out of the image", () => {
  const text = 'FROM ruby:3.3\nCOPY . .\nRUN bundle install\n'
  expect(lint(text, { hasHostBundle: true, ignoresHostBundle: false })).toMatchObject([{ code: 'HOST_BUNDLE_COPIED' }])
  expect(lint(text, { hasHostBundle: true, ignoresHostBundle: true })).toEqual([])
})

test('what is no Dockerfile is malformed', () => {
  expect(readDockerfile('hello\n')).toMatchObject({ tag: 'Malformed' })
})
