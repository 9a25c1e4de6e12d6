import type { GemfileLock, LockedGem, LockedVariant, LockSource, MalformedLock } from './gemfile-lock.ts'
import { malformed, splitSections, type LockLine, type LockSection } from './split-sections.ts'

/** `    pg (1.5.4-x86_64-linux)`: a version holds no hyphen, so the first one begins the platform (Bundler's lockfile_parser.rb, NAME_VERSION). */
const specLine = /^ {4}([^\s()!]+)(?: \(([^()\s-]+)(?:-([^()\s]+))?\))?!?$/
const needLine = /^ {6}([^\s()!]+)(?: \([^()]*\))?!?$/
const askedLine = /^ {2}([^\s()!]+)(?: \(([^()]*)\))?!?$/
const checksumLine = /^ {2}([^\s()!]+) \(([^()\s-]+)(?:-([^()\s]+))?\)(?: (\S+))?$/
const optionLine = /^ {2}([a-z]+): ?(.*)$/i

interface Draft {
  readonly gems: Map<string, { variants: LockedVariant[]; source: LockSource; dependencies: Set<string> }>
  readonly sources: LockSource[]
  readonly platforms: string[]
  readonly dependencies: Map<string, string>
  /** `name version platform` to SHA-256. */
  readonly checksums: Map<string, string>
  rubyVersion: string | null
  bundledWith: string | null
}

/**
 * Reads a `Gemfile.lock` of any Bundler from 1.0 on. Sections it doesn't know are passed over, as Bundler does.
 * Format: Bundler's lib/bundler/lockfile_parser.rb and lockfile_generator.rb.
 */
export function readGemfileLock(text: string): GemfileLock | MalformedLock {
  const sections = splitSections(text)
  if ('tag' in sections) return sections
  const draft: Draft = {
    gems: new Map(),
    sources: [],
    platforms: [],
    dependencies: new Map(),
    checksums: new Map(),
    rubyVersion: null,
    bundledWith: null,
  }
  for (const section of sections) {
    const trouble = readSection(section, draft)
    if (trouble !== null) return trouble
  }
  const gems = new Map<string, LockedGem>()
  for (const [name, { variants, source, dependencies }] of draft.gems) {
    const summed = variants.map((variant) => ({
      ...variant,
      sha256: draft.checksums.get(`${name} ${variant.version} ${variant.platform}`) ?? null,
    }))
    gems.set(name, { name, version: summed[0]?.version ?? '', variants: summed, source, dependencies: [...dependencies] })
  }
  const { sources, platforms, dependencies, rubyVersion, bundledWith } = draft
  return { tag: 'Lock', gems, sources, platforms, dependencies, rubyVersion, bundledWith }
}

function readSection({ name, lines }: LockSection, draft: Draft): MalformedLock | null {
  const first = lines[0]?.text.trim() ?? ''
  switch (name) {
    case 'GEM':
    case 'GIT':
    case 'PATH':
    case 'PLUGIN SOURCE':
      return readSource(name, lines, draft)
    case 'PLATFORMS':
      draft.platforms.push(...lines.map(({ text }) => text.trim()))
      return null
    case 'DEPENDENCIES':
      return eachMatch(lines, askedLine, ([, gem = '', requirement = '']) => draft.dependencies.set(gem, requirement))
    case 'CHECKSUMS':
      return eachMatch(lines, checksumLine, ([, gem = '', version = '', platform = 'ruby', sums = '']) => {
        const sha256 = sums.split(',').find((sum) => sum.startsWith('sha256='))
        if (sha256 !== undefined) draft.checksums.set(`${gem} ${version} ${platform}`, sha256.slice('sha256='.length))
      })
    case 'RUBY VERSION':
      draft.rubyVersion = /^ruby (\d\S*)/.exec(first)?.[1] ?? null
      return null
    case 'BUNDLED WITH':
      draft.bundledWith = first === '' ? null : first
      return null
    default:
      return null
  }
}

function readSource(kind: string, lines: readonly LockLine[], draft: Draft): MalformedLock | null {
  const options = new Map<string, string[]>()
  const specs = lines.findIndex(({ text }) => text === '  specs:')
  for (const { number, text } of specs === -1 ? lines : lines.slice(0, specs)) {
    const option = optionLine.exec(text)
    if (option === null) return malformed(number, `expected an option of ${kind}, such as "remote:", not ${quote(text)}`)
    const [, key = '', value = ''] = option
    const values = options.get(key)
    if (values === undefined) options.set(key, [value])
    else values.push(value)
  }
  const source = toSource(kind, options)
  draft.sources.push(source)
  if (specs === -1) return null
  let open: { dependencies: Set<string>; own: string[] } | null = null
  for (const { number, text } of lines.slice(specs + 1)) {
    const spec = specLine.exec(text)
    if (spec !== null) {
      const [, name = '', version = '', platform = 'ruby'] = spec
      const gem = draft.gems.get(name) ?? { variants: [], source, dependencies: new Set<string>() }
      const own: string[] = []
      gem.variants.push({ version, platform, sha256: null, dependencies: own })
      draft.gems.set(name, gem)
      open = { dependencies: gem.dependencies, own }
      continue
    }
    const need = needLine.exec(text)
    if (need === null || open === null) return malformed(number, `expected a gem, as "    pg (1.5.4)", not ${quote(text)}`)
    open.dependencies.add(need[1] ?? '')
    open.own.push(need[1] ?? '')
  }
  return null
}

function toSource(kind: string, options: ReadonlyMap<string, readonly string[]>): LockSource {
  const remotes = options.get('remote') ?? []
  const remote = remotes[0] ?? ''
  const glob = options.get('glob')?.[0] ?? null
  switch (kind) {
    case 'GIT':
      return { tag: 'Git', remote, revision: options.get('revision')?.[0] ?? '', glob }
    case 'PATH':
      return { tag: 'Path', remote, glob }
    case 'PLUGIN SOURCE':
      return { tag: 'Plugin', remote, type: options.get('type')?.[0] ?? '' }
    default:
      return { tag: 'Registry', remotes }
  }
}

function eachMatch(lines: readonly LockLine[], pattern: RegExp, take: (match: RegExpExecArray) => void): MalformedLock | null {
  for (const { number, text } of lines) {
    const match = pattern.exec(text)
    if (match === null) return malformed(number, `not understood: ${quote(text)}`)
    take(match)
  }
  return null
}

function quote(text: string): string {
  return JSON.stringify(text.trim().slice(0, 80))
}
