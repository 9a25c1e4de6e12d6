/** Where a locked gem comes from: one `GEM`, `GIT`, `PATH` or `PLUGIN SOURCE` section. */
export type LockSource =
  | { readonly tag: 'Registry'; readonly remotes: readonly string[] }
  | { readonly tag: 'Git'; readonly remote: string; readonly revision: string; readonly glob: string | null }
  | { readonly tag: 'Path'; readonly remote: string; readonly glob: string | null }
  | { readonly tag: 'Plugin'; readonly remote: string; readonly type: string }

/** One build of a gem that the lock allows. */
export interface LockedVariant {
  readonly version: string
  /** RubyGems' platform, such as `x86_64-linux`; `ruby` for the source gem. */
  readonly platform: string
  /** SHA-256 in hex, from the `CHECKSUMS` section; null when it has none. */
  readonly sha256: string | null
  /** Names of the gems that this build needs; a precompiled one may need fewer. */
  readonly dependencies: readonly string[]
}

export interface LockedGem {
  readonly name: string
  /** Version of the first variant. Bundler locks the same one for all platforms unless their gems differ. */
  readonly version: string
  readonly variants: readonly LockedVariant[]
  readonly source: LockSource
  /** Names of the gems it needs, each once. */
  readonly dependencies: readonly string[]
}

export interface GemfileLock {
  readonly tag: 'Lock'
  readonly gems: ReadonlyMap<string, LockedGem>
  readonly sources: readonly LockSource[]
  /** As written under `PLATFORMS`. */
  readonly platforms: readonly string[]
  /** What the Gemfile itself asks for, name to requirement as written (`~> 7.1, >= 7.1.2`), empty when it names none. */
  readonly dependencies: ReadonlyMap<string, string>
  /** `3.1.2p20` of `RUBY VERSION`, without the engine's name; null when absent or when the engine is another one. */
  readonly rubyVersion: string | null
  readonly bundledWith: string | null
}

export interface MalformedLock {
  readonly tag: 'Malformed'
  /** Line, counted from 1. */
  readonly line: number
  readonly why: string
}
