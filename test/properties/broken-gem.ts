import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemClock } from '../../src/system/clock.ts'
import { validationDefaults } from '../../src/validation/options.ts'
import { VersionValidator } from '../../src/validation/version-validator.ts'
import { createTinyApp, type TinyApp } from '../fixtures/tiny-gem/tiny-app.ts'
import { startBezel, type BezelRun } from '../support/bezel-run.ts'

const server = resolve(import.meta.dirname, '../fixtures/misbehaving/well.rb')

/** Versions of libruby that this machine does not have. */
export const otherRubies = ['2.5', '2.6', '2.7', '3.0', '3.2', '3.3', '3.4', '4.0'] as const

/** Real ways in which a gem comes to fit its Ruby no longer; each version is one whose library the files ask for. */
export const breakages = [...otherRubies, 'not built', 'files gone', 'file cut', 'file empty', 'Git LFS pointer'] as const
export type Breakage = (typeof breakages)[number]

/** Makes the compiled files of an app's gem ask for another Ruby's library, as a real build for it would. */
export function buildForOtherRuby({ loaded, built }: TinyApp, version: string): void {
  for (const file of [loaded, built]) {
    const needed = execFileSync('patchelf', ['--print-needed', file], { encoding: 'utf8' })
      .split('\n')
      .find((name) => name.startsWith('libruby'))
    if (needed === undefined) throw new Error('this Ruby is static: no file names its libruby')
    execFileSync('patchelf', ['--replace-needed', needed, `libruby-${version}.so.${version}`, file])
  }
}

/** Without `packed`, the gem that it was installed from is gone too. */
export function breakGem(app: TinyApp, breakage: Breakage, { packed }: { readonly packed: boolean }): void {
  if (!packed) for (const file of readdirSync(join(app.home, 'cache'))) rmSync(join(app.home, 'cache', file))
  switch (breakage) {
    case 'not built':
      // Bundler loads a checkout of Git without the mark, as long as one of the two copies is there.
      if (app.way === 'git') for (const file of [app.loaded, app.built]) rmSync(file)
      return rmSync(join(app.builtFolder, 'gem.build_complete'))
    case 'files gone':
      return [app.loaded, app.built].forEach((file) => rmSync(file))
    case 'file cut':
      return truncateSync(app.loaded, 9_000)
    case 'file empty':
      return truncateSync(app.loaded, 0)
    case 'Git LFS pointer':
      return writeFileSync(app.loaded, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')
    default:
      return buildForOtherRuby(app, breakage)
  }
}

/** Healthy apps, each way's compiled once; each case breaks a copy of its own. */
export function shareTinyApps(): { copy(way: TinyApp['way']): TinyApp; remove(): void } {
  const made = new Map<TinyApp['way'], TinyApp>()
  return {
    copy: (way) => {
      const app = made.get(way) ?? createTinyApp(way)
      made.set(way, app)
      return app.copy()
    },
    remove: () => made.forEach((app) => app.remove()),
  }
}

/** Without `probe` it only reads. */
export function validatorOf({ path, env }: TinyApp, probe = true): VersionValidator {
  return new VersionValidator(
    { ...validationDefaults, appPath: path, env, probe },
    { clock: systemClock, random: Math.random, emit: () => {} },
  )
}

/** `bezel run` in the app with a plain Ruby server, by default one that needs none of its gems. */
export function runIn(app: TinyApp, validation: 'enforce' | 'warn' | 'off', script: string | null = null): Promise<BezelRun> {
  const words = ['--host', '127.0.0.1', '--port', '0', '--workers', '1', '--validation', validation]
  return startBezel({
    folder: app.path,
    args: [...words, '--', 'ruby', ...(script === null ? ['--disable-gems', server] : [script]), '{socket}'],
    env: { ...app.env, DATABASE_URL: undefined },
  })
}
