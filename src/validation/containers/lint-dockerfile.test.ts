import { describe, expect, test } from 'vitest'
import { obeyRemedy } from '../../../test/support/obey-dockerfile-remedy.ts'
import { readDockerfile } from '../../formats/dockerfile/read-dockerfile.ts'
import { lintDockerfile, type Context } from './lint-dockerfile.ts'

function lint(text: string, beside: Partial<Context> = {}) {
  const file = readDockerfile(text)
  if (file.tag === 'Malformed') throw new Error(file.why)
  return lintDockerfile(file, 'Dockerfile', { hasHostBundle: false, ignoresHostBundle: false, ignoreFile: '.dockerignore', ...beside })
}

const remediesOf = (text: string) => lint(text).flatMap(({ mend }) => (mend.tag === 'Say' ? mend.lines : []))

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
    ['example.test/team/base:7', 'ruby:3.3', ['DOCKERFILE_TELLS_NOTHING']],
    ['example.test/team/base:7', 'example.test/team/base:7', []],
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

  test('as Rails makes it is seen through: variables, and flags before the stage that is copied from', () => {
    const text = (run: string) => `ARG RUBY_VERSION=3.1.4
FROM docker.io/library/ruby:$RUBY_VERSION-slim AS base
WORKDIR /rails
ENV RAILS_ENV="production" \\
    BUNDLE_DEPLOYMENT="1" \\
    BUNDLE_PATH="/srv/bundle"
FROM base AS build
RUN bundle install && \\
    rm -rf ~/.bundle/
FROM ${run}
COPY --chown=rails:rails --from=build "\${BUNDLE_PATH}" "\${BUNDLE_PATH}"
COPY --chown=rails:rails --from=build /rails /rails
`
    expect(lint(text('base'))).toEqual([])
    expect(lint(text('ruby:3.3-slim\nENV BUNDLE_PATH=/srv/bundle'))).toMatchObject([
      { code: 'STAGES_RUBY_DIFFERS', evidence: [{ where: 'Dockerfile:7' }, { where: 'Dockerfile:12' }] },
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
    expect(lint(build('RUN true'))).toMatchObject([
      { code: 'STAGE_LIBRARY_ABSENT', mend: { lines: [expect.stringMatching(/^Below line 5, add .*libpq5"\.$/)] } },
    ])
    expect(lint(build('RUN apt-get install -y libpq5'))).toEqual([])
  })

  test.each([
    ['RUN bundle config set --local path vendor/bundle && bundle install', '/app /app'],
    ["RUN bundle config --local path 'vendor/bundle'\nRUN cd /app && bundle install", '/app/. ./'],
    ['RUN bundle install --deployment', '/app .'],
    ['RUN bundle install --path vendor/bundle', '/ /'],
    ['ENV BUNDLE_PATH="vendor/bundle"\nRUN bundle', '/app/* ./'],
    ['ENV BUNDLE_DEPLOYMENT 1\nRUN bundle install', '["/app", "/app"]'],
    ['RUN BUNDLE_PATH=/opt/app-gems bundle install', '/opt /opt'],
    ['RUN gem install pg', '/usr/local /usr/local'],
  ])('that copies a folder which holds the gems copies the gems: %s, then %s', (install, copy) => {
    const text = (run: string, from = 'build', then = '') =>
      `FROM ruby:3.3-bookworm AS base\nWORKDIR /app\nFROM base AS build\n${install}\nFROM ${run}\nCOPY --from=${from} ${copy}\n${then}`
    expect(lint(text('ruby:3.1-alpine')).map(({ code }) => code)).toEqual(['STAGES_RUBY_DIFFERS'])
    expect(lint(text('ruby:3.1-bookworm'))).toMatchObject([
      { code: 'STAGES_RUBY_DIFFERS', evidence: [{}, { where: `Dockerfile:${5 + install.split('\n').length}` }] },
    ])
    expect(lint(text('ruby:3.3-alpine')).map(({ code }) => code)).toEqual(['STAGES_LIBC_DIFFERS'])
    expect(lint(text('ruby:3.3-slim-bookworm'))).toEqual([])
    expect(lint(text('ruby:3.1-bookworm', 'build', 'RUN bundle install\n'))).toEqual([])
    // Nothing was installed in that stage.
    expect(lint(text('ruby:3.1-bookworm', 'base'))).toEqual([])
  })

  test.each([
    ['ruby:3.1', ['STAGES_RUBY_DIFFERS']],
    ['ruby:3.3-alpine', ['STAGES_LIBC_DIFFERS']],
    ['ruby:3.3-slim', []],
    ['example.test/team/gems:7', ['DOCKERFILE_TELLS_NOTHING']],
  ])('may copy gems from an image as well: %s', (image, codes) => {
    const text = `FROM ruby:3.3\nCOPY --from=${image} /usr/local/bundle /usr/local/bundle\n`
    expect(lint(text).map(({ code }) => code)).toEqual(codes)
  })

  test('that copies a folder beside the gems copies none', () => {
    const text = (copy: string) =>
      `FROM ruby:3.3 AS assets\nWORKDIR /app\nRUN bundle install\nFROM ruby:3.1-alpine\nRUN bundle install\nCOPY --from=assets ${copy}\n`
    for (const copy of ['/app/public /app/public', '/app /app', '/usr/local/bin/tool /usr/local/bin/', '/usr/local/bundler /x'])
      expect(lint(text(copy))).toEqual([])
    expect(lint(text('/usr/local /usr/local')).map(({ code }) => code)).toEqual(['STAGES_RUBY_DIFFERS'])
  })

  test('that holds no gems tells nothing of them', () => {
    const text = 'FROM node:22 AS assets\nRUN npm run build\nFROM ruby:3.3-alpine\nCOPY --from=assets /app/public /app/public\n'
    for (const each of [text, 'FROM debian:12\nRUN apt-get install -y ruby\n'])
      expect(lint(each).map(({ code }) => code)).toEqual(['DOCKERFILE_TELLS_NOTHING'])
  })
})

describe('a user who does just what the remedy says', () => {
  test.each([
    ['ruby:3.1', 'ruby:3.3-slim', 'In line 1, let FROM name ruby:3.3 instead of ruby:3.1: gems are built on the base that runs them.'],
    [
      'ruby:3.1-slim',
      'ruby:3.3.6-slim',
      'In line 1, let FROM name ruby:3.3.6-slim instead of ruby:3.1-slim: gems are built on the base that runs them.',
    ],
    [
      'ruby:3.3-bullseye',
      'ruby:3.3-slim-bookworm@sha256:00',
      'In line 1, let FROM name ruby:3.3-bookworm instead of ruby:3.3-bullseye: gems are built on the base that runs them.',
    ],
    [
      'ruby:3.1',
      'registry.example.test:5000/library/ruby:3.3-slim',
      'In line 1, let FROM name registry.example.test:5000/library/ruby:3.3 instead of ruby:3.1: gems are built on the base that runs them.',
    ],
    ['ruby:3.3', 'ruby:slim', null],
    ['--platform=linux/arm64 ruby:3.3', '--platform=linux/amd64 ruby:3.3', 'In line 1, give FROM the --platform=linux/amd64 of line 3.'],
  ] as const)('has stages that fit: built on %s, run on %s', (build, run, sentence) => {
    const text = stages(build, run)
    expect(remediesOf(text)).toEqual(sentence === null ? [] : [sentence])
    expect(remediesOf(obeyRemedy(text, remediesOf(text)))).toEqual([])
  })

  test('has stages that fit, where the base is a stage of its own with a computed name', () => {
    const text =
      'ARG RUBY=3.1\nFROM ruby:${RUBY} AS base\nFROM base AS build\nRUN bundle install\nFROM ruby:3.3-slim\nCOPY --from=build /usr/local/bundle /usr/local/bundle\n'
    const mended = obeyRemedy(text, remediesOf(text))
    expect(mended).toContain('\nFROM ruby:3.3 AS base\n')
    expect(lint(mended)).toEqual([])
  })

  test('has stages that fit, on another C library too, with its package manager', () => {
    const text = `FROM ruby:3.3 AS build
RUN apt-get install -y libpq-dev
RUN bundle install
FROM ruby:3.3-alpine
USER app
COPY --from=build /usr/local/bundle /usr/local/bundle
`
    const mended = obeyRemedy(text, remediesOf(text))
    expect(mended).toContain('FROM ruby:3.3-alpine AS build\nRUN apk add libpq-dev\n')
    expect(mended).toContain('FROM ruby:3.3-alpine\nRUN apk add --no-cache libpq\nUSER app\n')
    expect(lint(mended)).toEqual([])
  })

  test('copies the gems of a stage instead of those of another image', () => {
    const text = 'FROM ruby:3.3-slim\nCOPY --from=ruby:3.1 /usr/local/bundle /usr/local/bundle\n'
    expect(lint(text)).toMatchObject([
      { code: 'STAGES_RUBY_DIFFERS', evidence: [{ what: 'built on ruby:3.1', where: 'Dockerfile:2' }, {}] },
    ])
    expect(lint(obeyRemedy(text, remediesOf(text)))).toEqual([])
    expect(lint(text.replace('ruby:3.1', 'team/gems')).map(({ code }) => code)).toEqual(['DOCKERFILE_TELLS_NOTHING'])
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
