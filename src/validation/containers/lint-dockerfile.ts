import type { Dockerfile, DockerStage } from '../../formats/dockerfile/read-dockerfile.ts'
import type { Observation } from '../observation.ts'
import { baseOf, parentOf, type Base } from './base-image.ts'
import { gemCopiesOf, type GemCopy } from './gem-copies.ts'
import { gemPlacesOf } from './gem-places.ts'
import { buildForSamePlatform, buildOnSameBase, ignoreHostBundle, installInStage } from './mend-dockerfile.ts'

/** Packages to build with, and what the running image needs of them: Debian's and Alpine's names. */
const libraries = [
  {
    build: /\b(?:libpq-dev|postgresql-dev)\b/,
    run: /\b(?:libpq5|libpq|libpq-dev|postgresql-(?:client|dev)\S*)\b/,
    debian: 'libpq5',
    alpine: 'libpq',
  },
  {
    build: /\b(?:default-libmysqlclient-dev|libmariadb-dev|mariadb-dev)\b/,
    run: /\b(?:libmariadb3|mariadb\S*|default-(?:lib)?mysql\S*)\b/,
    debian: 'libmariadb3',
    alpine: 'mariadb-connector-c',
  },
  { build: /\b(?:libvips-dev|vips-dev)\b/, run: /\b(?:libvips\S*|vips\S*)\b/, debian: 'libvips42', alpine: 'vips' },
  { build: /\b(?:libsqlite3-dev|sqlite-dev)\b/, run: /\b(?:libsqlite3\S*|sqlite\S*)\b/, debian: 'libsqlite3-0', alpine: 'sqlite-libs' },
  { build: /\b(?:libyaml-dev|yaml-dev)\b/, run: /\b(?:libyaml\S*|yaml\S*)\b/, debian: 'libyaml-0-2', alpine: 'yaml' },
] as const

/** What stands beside the Dockerfile. */
export interface Context {
  readonly hasHostBundle: boolean
  readonly ignoresHostBundle: boolean
  /** The file that says what is left out. */
  readonly ignoreFile: string
}

/** Stages whose bundle and runtime don't fit each other. */
export function lintDockerfile(file: Dockerfile, where: string, context: Context): Observation[] {
  const final = file.stages.at(-1)
  if (final === undefined) return []
  const copies = gemCopiesOf(file)
  const found = copies.flatMap((copy) => checkCopy(file, copy, where))
  return [
    ...found,
    ...(found.length === 0 ? checkKnown(file, copies, where) : []),
    ...(copies.some(({ stage }) => stage === final) ? checkLibraries(file, final, where) : []),
    ...(context.hasHostBundle && !context.ignoresHostBundle ? checkHostBundle(final, where, context.ignoreFile) : []),
  ]
}

function checkCopy(file: Dockerfile, copy: GemCopy, where: string): Observation[] {
  const { stage, source, theirs, mine, line } = copy
  const evidence = [
    { what: `built on ${theirs.image}`, where: `${where}:${source?.line ?? line}` },
    { what: `copied into ${mine.image}`, where: `${where}:${line}` },
  ]
  const differs = (
    code: 'STAGES_RUBY_DIFFERS' | 'STAGES_LIBC_DIFFERS' | 'STAGES_RELEASE_DIFFERS' | 'STAGES_PLATFORM_DIFFERS',
    what: string,
    lines = buildOnSameBase(file, copy),
  ): Observation[] => [
    {
      code,
      gem: null,
      evidence,
      explanation: `Line ${line} copies gems that were built for ${what}.`,
      mend: { tag: 'Say', lines },
    },
  ]
  if (known(theirs, mine, 'rubyMinor'))
    return differs('STAGES_RUBY_DIFFERS', `Ruby ${theirs.rubyMinor} into an image of Ruby ${mine.rubyMinor}`)
  if (known(theirs, mine, 'libc')) return differs('STAGES_LIBC_DIFFERS', `${theirs.libc} into an image of ${mine.libc}`)
  const platforms = [source?.platform ?? null, stage.platform]
  const arePlain = platforms.every((platform) => platform !== null && !platform.includes('$'))
  if (source !== null && platforms[0] !== platforms[1] && arePlain)
    return differs('STAGES_PLATFORM_DIFFERS', `${platforms[0]} into an image of ${platforms[1]}`, buildForSamePlatform(source, stage))
  return known(theirs, mine, 'release') ? differs('STAGES_RELEASE_DIFFERS', `${theirs.release} into an image of ${mine.release}`) : []
}

/** What keeps the text from telling whether gems and Ruby fit. */
function checkKnown(file: Dockerfile, copies: readonly GemCopy[], where: string): Observation[] {
  const unknown = copies.find(({ theirs, mine }) => theirs.image !== mine.image && (theirs.rubyMinor === null || mine.rubyMinor === null))
  const hasGems = copies.length > 0 || file.stages.some((stage) => gemPlacesOf(file, stage).installs)
  if (unknown === undefined && hasGems) return []
  const what =
    unknown === undefined
      ? 'no instruction installs gems'
      : `gems of ${unknown.theirs.image} are copied into ${unknown.mine.image}, and not both name their Ruby`
  return [
    {
      code: 'DOCKERFILE_TELLS_NOTHING',
      gem: null,
      evidence: [{ what, where: unknown === undefined ? where : `${where}:${unknown.line}` }],
      explanation: `Nothing in the file tells whether gems and Ruby fit: ${what}.`,
      mend: { tag: 'Say', lines: [] },
    },
  ]
}

function known(one: Base, other: Base, field: 'rubyMinor' | 'libc' | 'release'): boolean {
  return one[field] !== null && other[field] !== null && one[field] !== other[field]
}

/** Libraries to build with in an earlier stage, of which the final one installs nothing to run with. */
function checkLibraries(file: Dockerfile, final: DockerStage, where: string): Observation[] {
  const installed = installs(file, final)
  const base = baseOf(file, final)
  // The official image that is neither slim nor Alpine brings the common libraries along.
  if (base.libc === 'glibc' && !base.image.includes('slim') && base.rubyMinor !== null) return []
  return libraries.flatMap(({ build, run, debian, alpine }) => {
    const builder = file.stages.find((stage) => stage.index !== final.index && build.test(installs(file, stage)))
    if (builder === undefined || run.test(installed)) return []
    const name = base.libc === 'musl' ? alpine : debian
    return [
      {
        code: 'STAGE_LIBRARY_ABSENT' as const,
        gem: null,
        evidence: [
          {
            what: `stage ${builder.name ?? builder.index} installs ${build.exec(installs(file, builder))?.[0] ?? ''}`,
            where: `${where}:${builder.line}`,
          },
        ],
        explanation: `The final stage runs gems that were built with it, and does not install ${name}.`,
        mend: { tag: 'Say' as const, lines: installInStage(final, base.libc, name) },
      },
    ]
  })
}

/** Text of every RUN of a stage and of the stages that it builds on. */
function installs(file: Dockerfile, stage: DockerStage): string {
  const parent = parentOf(file, stage)
  const own = stage.instructions.filter(({ keyword }) => keyword === 'RUN').map(({ words }) => words.join(' '))
  return [...own, ...(parent === null ? [] : [installs(file, parent)])].join('\n')
}

/** A `COPY . .` that carries the host's own compiled gems into the image. */
function checkHostBundle(final: DockerStage, where: string, ignoreFile: string): Observation[] {
  const copy = final.instructions.find(({ keyword, from, words }) => keyword === 'COPY' && from === null && words[0] === '.')
  if (copy === undefined) return []
  return [
    {
      code: 'HOST_BUNDLE_COPIED',
      gem: null,
      evidence: [{ what: `COPY . takes vendor/bundle along, and ${ignoreFile} does not leave it out`, where: `${where}:${copy.line}` }],
      explanation: `Line ${copy.line} copies the gems that this machine compiled over those of the image.`,
      mend: { tag: 'Say', lines: ignoreHostBundle(ignoreFile) },
    },
  ]
}
