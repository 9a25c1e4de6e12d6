import type { InstalledGem } from './installed-gem.ts'

/** One compiled file of a gem. */
export interface Extension {
  readonly gem: InstalledGem
  /** In the tree, as its folder names it. */
  readonly path: string
  /** What `require` is asked for, without the suffix: `pg_ext`, `nokogiri/3.1/nokogiri`. */
  readonly feature: string
  /** The minor version that its own folder names (`lib/3.1/pg_ext.so`): a precompiled gem holds one for each. */
  readonly folderMinor: string | null
  /** Built at install time, in `extensions/<platform>/<abi>/`. */
  readonly inExtensionFolder: boolean
}

export interface GemExtensions {
  readonly gem: InstalledGem
  /** Whether a folder of its Ruby code was seen to hold something; false as well where nobody looked. */
  readonly hasCode: boolean
  /** What this Ruby would load, each feature once, at its first place in the load path. */
  readonly loaded: readonly Extension[]
  /** Second copies of loaded features, further back in the load path. */
  readonly shadowed: readonly Extension[]
  /** Minors for which a precompiled gem has files, when it has none for this Ruby and no other build. */
  readonly otherMinors: readonly string[]
  /** `extensions/<platform>/<abi>/<gem>` of this Ruby; null when it has none. */
  readonly builtFolder: string | null
  /** RubyGems' mark that the build was finished; null where RubyGems asks for none. */
  readonly buildComplete: boolean | null
  /** The same gem's folders of other Rubies, with their ABI. */
  readonly builtForOthers: readonly { readonly abi: string; readonly folder: string }[]
}
