import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { createTinyApp, type TinyApp } from '../fixtures/tiny-gem/tiny-app.ts'
import { startBezel, type BezelRun } from '../support/bezel-run.ts'

const server = resolve(import.meta.dirname, '../fixtures/misbehaving/well.rb')

/** Versions of libruby that this machine does not have. */
export const otherRubies = ['2.5', '2.6', '2.7', '3.0', '3.2', '3.3', '3.4', '4.0'] as const

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

/** One healthy app, compiled once; each case breaks a copy of its own. */
export function shareTinyApp(): { copy(): TinyApp; remove(): void } {
  let made: TinyApp | null = null
  return {
    copy: () => (made ??= createTinyApp('bundler')).copy(),
    remove: () => made?.remove(),
  }
}

/** `bezel run` in the app, with a plain Ruby server that needs none of its gems. */
export function runIn(app: TinyApp, validation: 'enforce' | 'warn' | 'off'): Promise<BezelRun> {
  const words = ['--host', '127.0.0.1', '--port', '0', '--workers', '1', '--validation', validation]
  return startBezel({
    folder: app.path,
    args: [...words, '--', 'ruby', '--disable-gems', server, '{socket}'],
    env: { ...app.env, DATABASE_URL: undefined },
  })
}
