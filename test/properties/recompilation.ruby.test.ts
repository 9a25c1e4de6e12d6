import { posix } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import type { TinyApp } from '../fixtures/tiny-gem/tiny-app.ts'
import { breakages, breakGem, shareTinyApps, validatorOf } from './broken-gem.ts'
import { modelProperty, realProperty } from './cases.ts'
import { ailments, inspectModel, machine, runtimeOf, type ModelApp, type ModelGem } from './model-bundle.ts'

const gem = fc.record({
  name: fc.constantFrom('pg', 'bcrypt', 'iodine', 'google-protobuf', 'tiny_ext', 'Ascii85', 'hiredis-client'),
  version: fc.constantFrom('1.5.9', '0.7.58', '3.1.20', '2.0.0.rc1'),
  origin: fc.constantFrom('gem' as const, 'git' as const),
  ailment: fc.constantFrom(...ailments),
  cached: fc.boolean(),
})

const app: fc.Arbitrary<ModelApp> = fc
  .record({
    path: fc.constantFrom('/srv/app', '/srv/my app', "/home/o'neill/app", '/srv/$HOME; rm'),
    bundled: fc.boolean(),
    compiles: fc.boolean(),
    runs: machine,
    gems: fc.uniqueArray(gem, { minLength: 1, maxLength: 6, selector: ({ name }) => name }),
  })
  .map(({ gems, ...rest }) => {
    const toGem = (drawn: (typeof gems)[number]): ModelGem => {
      // Who builds a gem from its repository has Bundler, and no precompiled one.
      const precompiled = drawn.ailment === 'precompiled-for-others'
      return {
        ...drawn,
        ...(precompiled || !rest.bundled ? { origin: 'gem' } : {}),
        platform: precompiled ? runtimeOf(rest.runs).platform : 'ruby',
      }
    }
    return { ...rest, built: rest.runs, env: {}, gems: gems.map(toGem) }
  })

modelProperty(3, app, async (drawn) => {
  const { files, report } = await inspectModel(drawn)
  for (const { name, version, ailment } of drawn.gems) {
    const told = report.gems.find(({ gemName }) => gemName === name)
    expect({ name, status: told?.compatibilityStatus, required: told?.recompilationRequired }).toEqual({
      name,
      status: ailment === 'none' ? 'compatible' : 'incompatible',
      required: ailment !== 'none',
    })
    if (ailment === 'none') {
      expect(told?.recompilationCommand).toBeNull()
      continue
    }
    const commands = (told?.recompilationCommand ?? '').split(' && ').map((line) => wordsOf(line))
    // Specific: it names the gem, or lets Bundler put right what it had to leave out of this very bundle.
    const about = commands.flat().some((word) => word === name || word.includes(`/${name}-${version}`))
    expect({ commands, specific: about || (drawn.bundled && commands.at(-1)?.join(' ') === 'bundle install') }).toMatchObject({
      specific: true,
    })
    for (const [program = '', ...args] of commands) {
      // Actionable: a command of the tool that installed the gem, whose files are there, behind what it compiles with.
      const installer = drawn.runs.libc === 'musl' ? 'apk' : 'apt-get'
      expect([...(drawn.compiles ? [] : [installer]), ...(drawn.bundled ? ['bundle', 'rm'] : ['gem'])]).toContain(program)
      if (program === 'gem') expect(args).toEqual(expect.arrayContaining([name, '--version', version]))
      if (program === 'rm') for (const file of args) expect([...files.keys()]).toContain(posix.resolve(drawn.path, file))
    }
  }
})

/** A command line as a shell splits it; throws where the shell would see more than plain words. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:[\w./@%+=:,-]|'[^']*'|\\')+/g) ?? []
  expect(words.join(' ')).toBe(line)
  return words.map((word) =>
    word.replaceAll(/'([^']*)'|\\(')/g, (_all, plain: string | undefined, quote: string | undefined) => plain ?? quote ?? ''),
  )
}

const apps = shareTinyApps()
afterAll(() => apps.remove())

realProperty(
  3,
  fc.record({
    way: fc.constantFrom<TinyApp['way']>('bundler', 'git', 'rubygems'),
    breakage: fc.constantFrom(...breakages),
    packed: fc.boolean(),
  }),
  async ({ way, breakage, packed }) => {
    const app = apps.copy(way)
    try {
      breakGem(app, breakage, { packed: packed || way !== 'bundler' })
      const broken = (await validatorOf(app, false).validate()).gems.find(({ gemName }) => gemName === 'tiny_ext')
      expect(broken).toMatchObject({ compatibilityStatus: 'incompatible', recompilationRequired: true })
      const command = broken?.recompilationCommand ?? ''
      expect(await validatorOf(app, false).generateRecompilationCommands()).toEqual(expect.arrayContaining(command.split(' && ')))
      await app.type(command)
      const mended = (await validatorOf(app, false).validate()).gems.find(({ gemName }) => gemName === 'tiny_ext')
      expect(mended).toMatchObject({ compatibilityStatus: 'compatible', recompilationRequired: false, recompilationCommand: null })
      await app.type(`${way === 'rubygems' ? '' : 'bundle exec '}ruby -e 'require "tiny_ext"; exit TinyExt.answer == 42'`)
    } finally {
      app.remove()
    }
  },
  600_000,
  2,
)
