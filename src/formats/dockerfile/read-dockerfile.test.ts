import { describe, expect, test } from 'vitest'
import { readDockerfile } from './read-dockerfile.ts'

function stages(text: string) {
  const read = readDockerfile(text)
  if (read.tag === 'Malformed') throw new Error(read.why)
  return read.stages
}

const image = (before: string, from: string) => stages(`${before}\nFROM ${from}\n`)[0]?.image

describe('the image of a stage', () => {
  test.each([
    ['ARG V=3.3', 'ruby:$V-slim', 'ruby:3.3-slim'],
    ['ARG V=3.3', 'docker.io/library/ruby:${V}', 'docker.io/library/ruby:3.3'],
    ['ARG V="3.3"', '"ruby:${V}"', 'ruby:3.3'],
    ['ARG V=3.3\nARG BASE=ruby:${V}-slim', '$BASE', 'ruby:3.3-slim'],
    ['ARG A=1 B=3.2', 'ruby:$B', 'ruby:3.2'],
    ['', 'ruby:${V:-3.2}', 'ruby:3.2'],
    ['ARG V=', 'ruby:${V:-3.2}', 'ruby:3.2'],
    ['ARG D=3.1', 'ruby:${V-$D}', 'ruby:3.1'],
    ['ARG ALPINE=1', 'ruby:3.3${ALPINE:+-alpine}', 'ruby:3.3-alpine'],
    ['', 'ruby:3.3${ALPINE:+-alpine}', 'ruby:3.3'],
    ['ARG V', 'ruby:$V', 'ruby:$V'],
    ['ARG A=$B\nARG B=$A', 'ruby:$B', 'ruby:$B'],
  ])('%j, FROM %s: %s', (before, from, named) => {
    expect(image(before, from)).toBe(named)
  })

  test('knows no argument of an earlier stage', () => {
    expect(stages('ARG V=3.3\nFROM debian\nARG V=2.7\nFROM ruby:$V\n').at(-1)?.image).toBe('ruby:3.3')
  })
})

describe('an instruction', () => {
  test.each([
    'COPY --from=build /usr/local/bundle /usr/local/bundle',
    'COPY --chown=rails:rails --from=build /usr/local/bundle /usr/local/bundle',
    'COPY --link --chmod=755 --from=build --parents /usr/local/bundle /usr/local/bundle',
    'COPY \\\n  --link \\\n  # whence\n  --from=build \\\n  /usr/local/bundle /usr/local/bundle',
  ])('tells the stage that it copies from, wherever its flag stands: %j', (line) => {
    expect(stages(`FROM ruby:3.3 AS build\nFROM ruby:3.3\n${line}\n`)[1]?.instructions).toEqual([
      { keyword: 'COPY', line: 3, words: ['/usr/local/bundle', '/usr/local/bundle'], from: 'build' },
    ])
  })

  test('gets the variables of its stage, and of the stages below it; an argument of before the first only when it is named again', () => {
    const text = `ARG GEMS=/gems
FROM ruby:3.3 AS base
ENV BUNDLE_PATH="/usr/local/bundle" HOME=/app
FROM Base
ARG GEMS
ENV OLD form of it
COPY --from=base "\${BUNDLE_PATH}" $GEMS \${HOME}/x $OLD \\$HOME $NONE /
FROM ruby:3.3
COPY $GEMS $HOME
`
    const [, second, third] = stages(text)
    expect(second?.instructions.at(-1)?.words).toEqual(['"/usr/local/bundle"', '/gems', '/app/x', 'form of it', '$HOME', '$NONE', '/'])
    expect(third?.instructions[0]?.words).toEqual(['$GEMS', '$HOME'])
  })

  test('is no stage when it stands in a heredoc, or behind ONBUILD', () => {
    const text =
      'FROM ruby:3.3\nRUN <<EOF bash\nFROM alpine\nbundle install\nEOF\nCOPY <<-"X" /y\nFROM alpine\nX\nONBUILD COPY --from=other /a /b\n'
    const [only, ...others] = stages(text)
    expect(others).toEqual([])
    expect(only?.instructions.map(({ keyword, line }) => [keyword, line])).toEqual([
      ['RUN', 2],
      ['COPY', 6],
      ['ONBUILD', 9],
    ])
    expect(only?.instructions[0]?.words.join(' ')).toContain('bundle install')
  })

  test('may be continued by the character that the file chooses', () => {
    expect(stages('# escape=`\nFROM ruby:3.3\nRUN bundle `\n  install\n')[0]?.instructions[0]?.words).toEqual(['bundle', 'install'])
  })
})

test('the platform of a stage is told, with its variables', () => {
  expect(stages('ARG P=linux/arm64\nFROM --platform=$P ruby:3.3\n')[0]?.platform).toBe('linux/arm64')
  expect(stages('FROM --platform=$BUILDPLATFORM ruby:3.3\n')[0]?.platform).toBe('$BUILDPLATFORM')
})
