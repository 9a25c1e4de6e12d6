import type { FileTree, FileTrouble } from '../files/file-tree.ts'
import type { Scope } from '../gems/find-gems.ts'
import type { UnreadableSpec } from '../gems/installed-gem.ts'
import type { AppLock } from '../gems/read-lock.ts'
import type { Observation } from '../observation.ts'

/** More places than a person reads. */
const maxPlaces = 10

/** `hasGemfile`: whether a Gemfile stands beside it. */
export function checkLock(lock: AppLock, where: string, hasGemfile: boolean, scope: Scope): Observation[] {
  switch (lock.tag) {
    case 'Lock':
      return []
    case 'Unreadable':
      return [
        {
          code: 'LOCK_UNREADABLE',
          gem: null,
          evidence: [{ what: lock.why, where }],
          explanation: `Gemfile.lock can not be read: ${lock.why}.`,
          mend: { tag: 'Lock', path: where },
        },
      ]
    case 'Absent':
      return [
        {
          code: 'LOCK_ABSENT',
          gem: null,
          evidence: [{ what: lock.why, where }],
          explanation: `Gemfile.lock ${lock.why}, so ${scope === 'gemfile' ? 'the gems that the Gemfile asks for were validated, with what they need: of each the newest version that serves' : 'all installed gems were validated'}.${hasGemfile ? '' : " There is no Gemfile either: this may not be the app's folder."}`,
          mend: { tag: 'Say', lines: [] },
        },
      ]
  }
}

/** `isLocked`: a lock names the gem, so that Bundler must find it. */
export function specUnreadable({ name, specPath, why, effect }: UnreadableSpec, isLocked: boolean): Observation {
  const hidden = effect === 'hidden' && isLocked
  const consequence = {
    hidden: 'RubyGems does not find the gem',
    unjudged: 'it was not validated',
    partly: 'RubyGems goes by its first lines, and whoever asks for more of it fails',
  } as const
  return {
    code: hidden ? 'GEMSPEC_BROKEN' : 'GEMSPEC_UNREADABLE',
    gem: name,
    evidence: [{ what: why, where: specPath }],
    explanation: `The specification of ${name} ${why}, so ${consequence[effect]}.`,
    mend: { tag: 'Anew', name, specPath },
  }
}

/**
 * What was there and could not be read, one finding for each reason. Other users' homes, which PATH may name, are nobody's business;
 * `told` are paths of which another finding speaks.
 */
export function checkTroubles(tree: FileTree, appPath: string, home: string | null, told: ReadonlySet<string>): Observation[] {
  const mine = tree
    .troubles()
    .filter(({ path }) => !told.has(path))
    .filter(({ path }) => isWithin(path, appPath) || (home !== null && isWithin(path, home)) || !isHome(path))
  return [...Map.groupBy(mine, ({ errno }) => errno)].map(([errno, troubles]) => unreadable(tree, errno, troubles))
}

function unreadable(tree: FileTree, errno: string, troubles: readonly FileTrouble[]): Observation {
  const [first] = troubles
  const more = troubles.length > 1 ? ` and ${troubles.length - 1} more` : ''
  return {
    code: 'FILE_UNREADABLE',
    gem: null,
    evidence: troubles.slice(0, maxPlaces).map(({ path }) => ({ what: errno, where: tree.shown(path) })),
    explanation: `${tree.shown(first?.path ?? '')}${more} can not be read (${errno}).`,
    mend: { tag: 'Say', lines: [] },
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function isHome(path: string): boolean {
  return /^\/(?:root|(?:home|Users)\/[^/]+)(?:\/|$)/.test(path)
}
