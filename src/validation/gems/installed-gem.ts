/** How a gem came to this place: it decides what is looked at, and what mends it. */
export type GemOrigin =
  /** `gem install` or Bundler into a gem folder. */
  | 'gem'
  /** Bundler, from a git repository. */
  | 'git'
  /** A folder of the app. */
  | 'path'
  /** A package of the distribution. */
  | 'package'
  /** Shipped with Ruby itself. */
  | 'default'

export interface InstalledGem {
  readonly name: string
  readonly version: string
  /** RubyGems' platform; `ruby` for one built here. */
  readonly platform: string
  readonly origin: GemOrigin
  /** Name as in folders: `pg-1.5.4`, `pg-1.6.0-x86_64-linux`, for git `widgets-0123456789ab`. */
  readonly fullName: string
  /** The gem folder (`GEM_HOME`) that holds it; for git and path the folder itself. */
  readonly home: string
  readonly folder: string
  /** Absolute, in load order; the folder of built extensions comes after them (`Gem::Specification#full_require_paths`). */
  readonly requireFolders: readonly string[]
  /** Folder of `<platform>/<abi>/<full name>` with extensions built at install time. */
  readonly extensionsRoot: string | null
  readonly declaresExtensions: boolean
  readonly requiredRubyVersion: readonly string[] | null
  readonly specPath: string
  /** Files of a distribution's package, or of Ruby's own folder, that are this gem's extensions; null when the gem has its own folders. */
  readonly packagedFiles: readonly string[] | null
  /**
   * What its specification promises and is not there. `folder`: the gem's own; `files`: compiled ones that it must have;
   * `trace`: compiled ones that a distribution may have put where nothing tells.
   */
  readonly lacks: 'folder' | 'files' | 'trace' | null
}

/** The specification of an installed gem that Ruby can't evaluate, or that can't be read without running it. */
export interface UnreadableSpec {
  readonly name: string
  readonly specPath: string
  /** To follow "it": `is empty`. */
  readonly why: string
  /** `hidden`: RubyGems doesn't find the gem; `unjudged`: nothing is known of it; `partly`: RubyGems goes by its first lines. */
  readonly effect: 'hidden' | 'unjudged' | 'partly'
}

/** `sometimes`: only a group, a platform or a condition wants it. */
export type Need = 'always' | 'sometimes' | 'unclear'

/** A gem of the lock that is not where this Ruby would look for it. */
export interface AbsentGem {
  readonly name: string
  readonly version: string
  /** Gem folders of other ABIs (`2.7.0`) that hold it. */
  readonly elsewhere: readonly { readonly abi: string; readonly home: string }[]
  /** A build of the same version for a platform that is not this one; null when there is none. */
  readonly foreign: { readonly platform: string; readonly specPath: string } | null
  /** Its own folder, which stands in a searched gem folder without a specification; null when there is none. */
  readonly remains: string | null
  /**
   * Whether Bundler finds it where was looked, or nowhere: a gem of a registry that is locked for this platform, a checkout, a folder. Gems of
   * plugins may be where only Bundler knows, and those of a root where only its lost environment did; what is locked for other platforms is
   * resolved anew.
   */
  readonly mustBeInstalled: boolean
  /** The folder of a `path:` source, which no Bundler brings back; null for all others. */
  readonly sourceFolder: string | null
  /** Whether the app needs it whatever its groups are: as far as the Gemfile's plain lines tell. */
  readonly need: Need
  /** Whether it is known to have native code: the lock offers it precompiled, or it is one of the critical gems. */
  readonly native: boolean
}
