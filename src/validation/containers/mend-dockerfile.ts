import type { Dockerfile, DockerStage } from '../../formats/dockerfile/read-dockerfile.ts'
import { quoted } from '../remedies/command-line.ts'
import { builderOf, rootOf } from './base-image.ts'
import type { GemCopy } from './gem-copies.ts'

/** What to change, and in which line: a user who does just that has stages that fit. */
export function buildOnSameBase(file: Dockerfile, { source, theirs, mine, line }: GemCopy): string[] {
  if (source === null) return [`In line ${line}, copy the gems from a stage that installs them FROM ${builderOf(mine, theirs)}.`]
  const from = rootOf(file, source)
  const change = `In line ${from.line}, let FROM name ${builderOf(mine, theirs)} instead of ${theirs.image}: gems are built on the base that runs them.`
  if (mine.libc === theirs.libc || mine.libc === null) return [change]
  const [tool, packages] = mine.libc === 'musl' ? ['apk add', 'Alpine'] : ['apt-get install', 'Debian']
  return [change, `What its RUN lines install comes by "${tool}" then, under ${packages}'s names.`]
}

export function buildForSamePlatform(source: DockerStage, stage: DockerStage): string[] {
  return [`In line ${source.line}, give FROM the --platform=${stage.platform} of line ${stage.line}.`]
}

/** Right below FROM the user is root still, and later layers find the library. */
export function installInStage({ line }: DockerStage, libc: 'glibc' | 'musl' | null, name: string): string[] {
  const run = libc === 'musl' ? `apk add --no-cache ${name}` : `apt-get update && apt-get install -y --no-install-recommends ${name}`
  return [`Below line ${line}, add "RUN ${run}".`]
}

/** On a line of its own, also where the last line of the file has no end. */
export function ignoreHostBundle(ignoreFile: string): string[] {
  return [`printf '\\nvendor/bundle\\n' >> ${quoted(ignoreFile)}`]
}
