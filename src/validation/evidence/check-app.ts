import { posix } from 'node:path'
import { readGemfileRuby } from '../../formats/gemfile/read-gemfile-ruby.ts'
import { readAskedVersion } from '../../formats/version-files/read-version-files.ts'
import type { GemfileLock } from '../../formats/gemfile-lock/gemfile-lock.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { BundleSettings } from '../gems/app-bundle.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Observation } from '../observation.ts'
import { askedVersions } from '../runtime/find-ruby.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { requiredRubyOf } from '../compatibility/critical-gems.ts'
import { meetsRequirement } from '../compatibility/meets-requirement.ts'

/** What the app's own files say about its Ruby. */
export async function checkApp(
  tree: FileTree,
  appPath: string,
  settings: BundleSettings,
  lock: GemfileLock | null,
  runtime: Runtime,
): Promise<Observation[]> {
  const gemfile = await checkGemfile(tree, settings, runtime)
  if (gemfile !== null) return [gemfile]
  const found: Observation[] = []
  const locked = lock?.rubyVersion?.replace(/p\d+$/, '') ?? null
  if (locked !== null && minorOf(locked) !== runtime.minor)
    found.push(
      differs(
        'LOCK_RUBY_DIFFERS',
        `RUBY VERSION is ${locked}`,
        settings.lockPath,
        `Gemfile.lock was written under Ruby ${locked}; this is ${runtime.version}.`,
        locked,
      ),
    )
  const asked = askedVersions(tree, appPath).filter(({ version }) => !sameRuby(version, runtime.version))
  return [
    ...found,
    ...asked.map(({ version, path }) =>
      differs(
        'VERSION_FILE_DIFFERS',
        `asks for Ruby ${version}`,
        path,
        `${posix.basename(path)} asks for Ruby ${version}; this is ${runtime.version}.`,
        version,
      ),
    ),
  ]
}

async function checkGemfile(tree: FileTree, { gemfilePath }: BundleSettings, runtime: Runtime): Promise<Observation | null> {
  const text = tree.text(gemfilePath) ?? ''
  const why = tree.kind(gemfilePath) === 'folder' ? 'is a folder' : conflictIn(text)
  if (why !== null) return unreadableGemfile(gemfilePath, why)
  const asked = readGemfileRuby(text)
  if (asked.tag === 'Absent' || asked.tag === 'Computed') return null
  const version = asked.tag === 'File' ? readAskedVersion(tree.text(posix.resolve(posix.dirname(gemfilePath), asked.path)) ?? '') : null
  const parts = asked.tag === 'Requirement' ? asked.parts : version === null ? [] : [version]
  if (parts.length === 0 || (await meetsRequirement(runtime.version, parts)) !== false) return null
  const wanted = parts.join(', ')
  return differs(
    'GEMFILE_RUBY_DIFFERS',
    `line ${asked.line} asks for ruby ${wanted}`,
    gemfilePath,
    `The Gemfile asks for Ruby ${wanted}; ${runtime.rubyPath} is ${runtime.version}, and Bundler will refuse to start.`,
    wanted,
  )
}

/** No line of Ruby begins like the markers of Git. */
function conflictIn(text: string): string | null {
  const marker = /^(?:<{7}|>{7}) /m.exec(text)
  return marker === null
    ? null
    : `line ${text.slice(0, marker.index).split('\n').length}: a merge conflict marker: resolve the conflict first`
}

function unreadableGemfile(where: string, why: string): Observation {
  return {
    code: 'GEMFILE_UNREADABLE',
    gem: null,
    evidence: [{ what: why, where }],
    explanation: `Bundler can not read the Gemfile (${why}), and refuses to start the app.`,
    mend: { tag: 'Say', lines: [`Mend ${where} by hand: only a person can tell which gems were meant.`] },
  }
}

function differs(
  code: 'GEMFILE_RUBY_DIFFERS' | 'LOCK_RUBY_DIFFERS' | 'VERSION_FILE_DIFFERS',
  what: string,
  where: string,
  explanation: string,
  wanted: string,
): Observation {
  return { code, gem: null, evidence: [{ what, where }], explanation, mend: { tag: 'Ruby', wanted } }
}

export async function checkRequiredRuby(gem: InstalledGem, runtime: Runtime): Promise<Observation[]> {
  // Old gemspecs were written without it; for critical gems the registry's table knows.
  const required = gem.requiredRubyVersion ?? requiredRubyOf(gem.name, gem.version, gem.platform)
  if (required === null || (await meetsRequirement(runtime.version, required)) !== false) return []
  return [
    {
      code: 'REQUIRED_RUBY_UNMET',
      gem: gem.name,
      evidence: [{ what: `required_ruby_version ${required.join(', ')}`, where: gem.specPath }],
      explanation: `${gem.name} ${gem.version} supports Ruby ${required.join(', ')}; this is ${runtime.version}.`,
      mend: { tag: 'Say', lines: [`bundle update ${gem.name}`] },
    },
  ]
}

function minorOf(version: string): string {
  return /^\d+\.\d+/.exec(version)?.[0] ?? version
}

function sameRuby(wanted: string, version: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`)
}
