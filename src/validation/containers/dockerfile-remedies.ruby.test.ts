import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildImage, canBuildImages, makeImages } from '../../../test/fixtures/images/build-image.ts'
import { runInside } from '../../../test/fixtures/rubies/container.ts'
import { canMakeRubies, rubies, versions } from '../../../test/fixtures/rubies/slim-root.ts'
import { obeyRemedy } from '../../../test/support/obey-dockerfile-remedy.ts'
import type { SnakeCase } from '../../snake-case.ts'
import { DiskTree } from '../files/disk-tree.ts'
import type { ValidationReport } from '../validation-report.ts'
import { validateDockerfile } from './validate-dockerfile.ts'

describe.skipIf(!canMakeRubies() || !canBuildImages())('an image built after its remedies', { timeout: 300_000 }, () => {
  let rubiesFolder = ''
  let context = ''
  beforeAll(() => {
    rubiesFolder = rubies()
    makeImages(rubiesFolder)
  }, 900_000)
  beforeEach(() => {
    context = mkdtempSync(join(tmpdir(), 'bezel-context-'))
    mkdirSync(join(context, 'src/gems'), { recursive: true })
  })
  afterEach(() => rmSync(context, { recursive: true }))

  function write(gem: keyof typeof versions, dockerfile: string): void {
    const packed = `${gem}-${versions[gem]}.gem`
    cpSync(join(rubiesFolder, packed), join(context, 'src/gems', packed))
    execFileSync('gem', ['generate_index', '--directory', join(context, 'src')], { stdio: 'pipe' })
    writeFileSync(join(context, 'Gemfile'), `source "file:///src"\ngem "${gem}"\n`)
    writeFileSync(join(context, 'Dockerfile'), dockerfile)
  }

  const lint = () => validateDockerfile(new DiskTree(null), join(context, 'Dockerfile'))
  const told = () => lint()?.findings.map(({ code }) => code)

  /** What `bezel doctor` says in a container of the image. */
  async function judge(): Promise<Pick<ValidationReport, 'verdict'> & { readonly codes: readonly string[] }> {
    const image = await buildImage(rubiesFolder, context)
    try {
      const { stdout } = await runInside(image.path, image.env, ['/bezel/bin/bezel', 'doctor', '/app', '--format', 'json'])
      const { verdict, findings } = JSON.parse(stdout) as SnakeCase<ValidationReport>
      return { verdict, codes: findings.map(({ code }) => code) }
    } finally {
      await image.remove()
    }
  }

  test('has gems of its own Ruby, with the library that they need', async () => {
    write(
      'pg',
      `FROM ruby:3.1 AS build
RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev
COPY src /src
WORKDIR /app
COPY Gemfile ./
RUN bundle install
FROM ruby:3.3-slim
WORKDIR /app
COPY --from=build /usr/local/bundle /usr/local/bundle
COPY --from=build /app/Gemfile.lock ./
COPY Gemfile ./
`,
    )
    expect(told()).toEqual(['STAGES_RUBY_DIFFERS', 'STAGE_LIBRARY_ABSENT'])
    const before = await judge()
    expect(before.verdict).toBe('incompatible')
    expect(before.codes).toEqual(expect.arrayContaining(['BUILT_FOR_OTHER_RUBY', 'LIBRARY_ABSENT']))

    const path = join(context, 'Dockerfile')
    const remedies = lint()?.findings.flatMap(({ remedy }) => remedy) ?? []
    writeFileSync(path, obeyRemedy(readFileSync(path, 'utf8'), remedies))
    expect(told()).toEqual([])
    expect(await judge()).toEqual({ verdict: 'compatible', codes: [] })
  })

  test("has none of this machine's gems", async () => {
    write(
      'bcrypt',
      `FROM ruby:3.1
ENV BUNDLE_PATH=vendor/bundle
COPY src /src
WORKDIR /app
COPY Gemfile ./
RUN bundle install
COPY . .
`,
    )
    // Compiled on this machine, which has another Ruby.
    const gem = join(context, 'vendor/bundle/ruby/3.1.0/gems', `bcrypt-${versions.bcrypt}`, 'lib')
    cpSync(join(rubiesFolder, 'bullseye/gems/gems', `bcrypt-${versions.bcrypt}`, 'lib'), gem, { recursive: true })
    // Its last line has no end.
    writeFileSync(join(context, '.dockerignore'), 'log')
    expect(told()).toEqual(['HOST_BUNDLE_COPIED'])
    expect(await judge()).toMatchObject({ verdict: 'incompatible', codes: expect.arrayContaining(['BUILT_FOR_OTHER_RUBY']) as unknown })

    for (const line of lint()?.findings.flatMap(({ remedy }) => remedy) ?? []) execFileSync('/bin/sh', ['-c', line], { cwd: context })
    expect(told()).toEqual([])
    expect(await judge()).toEqual({ verdict: 'compatible', codes: [] })
  })
})
