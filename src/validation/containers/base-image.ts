import type { Dockerfile, DockerStage } from '../../formats/dockerfile/read-dockerfile.ts'

/** What is known of a stage's base from its name alone. */
export interface Base {
  readonly image: string
  /** `3.3`; null when the image doesn't say. */
  readonly rubyMinor: string | null
  readonly libc: 'glibc' | 'musl' | null
  /** Debian's or Ubuntu's codename, when the tag holds it. */
  readonly release: string | null
}

const releases = ['buster', 'bullseye', 'bookworm', 'trixie', 'focal', 'jammy', 'noble']

/** The earlier stage that a stage builds on; null when it starts from an image. */
export function parentOf(file: Dockerfile, stage: DockerStage): DockerStage | null {
  return (
    file.stages.find(({ index, name }) => index < stage.index && name !== null && name.toLowerCase() === stage.image.toLowerCase()) ?? null
  )
}

/** The stage whose FROM names the image that a stage is made of, through stages that build on stages. */
export function rootOf(file: Dockerfile, stage: DockerStage): DockerStage {
  const parent = parentOf(file, stage)
  return parent === null ? stage : rootOf(file, parent)
}

/** The base of a stage. */
export function baseOf(file: Dockerfile, stage: DockerStage): Base {
  return readImage(rootOf(file, stage).image)
}

/** Names of the official images: `ruby:3.3.0-slim-bookworm`, `registry.docker.com/library/ruby:3.3-alpine3.20` (hub.docker.com/_/ruby). */
export function readImage(image: string): Base {
  const [name = '', tag = 'latest'] = (image.split('@')[0] ?? '').split(/:(?=[^/]*$)/)
  const short = name.split('/').at(-1) ?? ''
  const release = releases.find((each) => tag.includes(each)) ?? null
  const musl = short === 'alpine' || tag.includes('alpine')
  const glibc = short === 'debian' || short === 'ubuntu' || short === 'ruby' || release !== null || tag.includes('slim')
  return {
    image,
    rubyMinor: short === 'ruby' || short.startsWith('ruby-') ? (/^(\d+\.\d+)/.exec(tag)?.[1] ?? null) : null,
    libc: musl ? 'musl' : glibc ? 'glibc' : null,
    release,
  }
}

/**
 * The image to build on for one that runs: the same, but with the compiler, which an official image has without `slim`; unless the gems
 * were built on a slim one before, whose stage then installs a compiler for itself.
 */
export function builderOf(runs: Base, before: Base): string {
  const [, name = '', tag = ''] = /^([^@]*?\bruby):([\w.-]+)(?:@.*)?$/.exec(runs.image) ?? []
  if (!tag.includes('slim') || before.image.includes('slim')) return runs.image
  const parts = tag.split('-').filter((part) => part !== 'slim')
  return `${name}:${parts.length === 0 ? 'latest' : parts.join('-')}`
}
