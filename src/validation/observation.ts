import type { FindingCode } from './findings.ts'
import type { Evidence } from './validation-report.ts'

/** What would mend it; `remedies/` turns it into commands for the place. */
export type Mend =
  /** Compile the gem again for this Ruby. */
  | { readonly tag: 'Rebuild' }
  /** The same, for a gem that RubyGems ignores as not built. */
  | { readonly tag: 'Build' }
  /** Put the gem there at all. */
  | { readonly tag: 'Install' }
  /** Put a gem there whose specification is of no use, and stands in the way. */
  | { readonly tag: 'Anew'; readonly name: string; readonly specPath: string }
  /** Take the source gem instead of the precompiled one. */
  | { readonly tag: 'SourceBuild' }
  /**
   * Install or upgrade a library of the system. `around`: libraries that want it or stand in its place, which may not be as delivered;
   * `orRebuild`: the gem was built on another machine, whose own library it may be.
   */
  | { readonly tag: 'Library'; readonly name: string; readonly around?: readonly string[]; readonly orRebuild?: boolean }
  /** Let the loader find the libraries that are there. */
  | { readonly tag: 'Relink' }
  /** Let this user read a file, or enter a folder. */
  | { readonly tag: 'Permit'; readonly path: string }
  /** Restore Gemfile.lock. */
  | { readonly tag: 'Lock'; readonly path: string }
  /** Bring Gemfile.lock up to date with the Gemfile. */
  | { readonly tag: 'Relock' }
  /** Let any Bundler read Gemfile.lock. */
  | { readonly tag: 'Bundler'; readonly path: string }
  /** Repair the Ruby that is there. */
  | { readonly tag: 'Reinstall' }
  /** Use another Ruby. */
  | { readonly tag: 'Ruby'; readonly wanted: string }
  | { readonly tag: 'Say'; readonly lines: readonly string[] }

/** A finding before the place's remedy is known. */
export interface Observation {
  readonly code: FindingCode
  readonly gem: string | null
  readonly evidence: readonly Evidence[]
  readonly explanation: string
  readonly mend: Mend
}
