import { meetsRequirement } from '../compatibility/meets-requirement.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { findExtensions } from './find-extensions.ts'
import { bundlerInForce, isBefore } from './installed-bundlers.ts'
import { readInstalledGem, type SpecFile } from './read-gem-folder.ts'

/** The first that asks installed gems which Ruby they need (`metadata_dependencies` of lib/bundler/resolver/spec_group.rb). */
const asksForRuby = '2.3.0'

/** Tells which installed gems Bundler does not choose where there is no lock. */
export class PassedOver {
  readonly #tree: FileTree
  readonly #runtime: Runtime
  #heedsRuby: boolean | null = null

  constructor(tree: FileTree, runtime: Runtime) {
    this.#tree = tree
    this.#runtime = runtime
  }

  /** Those of one name that it may choose; all where it can choose none. */
  async fitting(specs: readonly SpecFile[]): Promise<readonly SpecFile[]> {
    if (specs.length < 2) return specs
    const fit: SpecFile[] = []
    for (const spec of specs) if (!this.#isUnbuilt(spec) && !(await this.isUnfit(spec))) fit.push(spec)
    return fit.length === 0 ? specs : fit
  }

  /** Whether RubyGems ignores it as not built. */
  #isUnbuilt(spec: SpecFile): boolean {
    const { gem } = readInstalledGem(this.#tree, spec, this.#runtime, spec.fullName)
    return gem?.declaresExtensions === true && findExtensions(this.#tree, gem, this.#runtime).buildComplete === false
  }

  /** Whether its specification can't be evaluated, or asks for another Ruby. */
  async isUnfit(spec: SpecFile): Promise<boolean> {
    const { gem, trouble } = readInstalledGem(this.#tree, spec, this.#runtime, spec.fullName)
    if (gem === null) return trouble?.effect === 'hidden'
    if (gem.requiredRubyVersion === null) return false
    if ((await meetsRequirement(this.#runtime.version, gem.requiredRubyVersion)) !== false) return false
    if (this.#heedsRuby === null) {
      const bundler = bundlerInForce(this.#tree, null, this.#runtime)
      this.#heedsRuby = bundler === null || !isBefore(bundler, asksForRuby)
    }
    return this.#heedsRuby
  }
}
