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

/** The base of a stage, through stages that build on stages. */
export function baseOf(file: Dockerfile, stage: DockerStage): Base {
  const parent = parentOf(file, stage)
  return parent === null ? readImage(stage.image) : baseOf(file, parent)
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
