import { meetsRequirement } from '../compatibility/meets-requirement.ts'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { findExtensions } from './find-extensions.ts'
import { bundlerInForce, isBefore } from './installed-bundlers.ts'
import type { InstalledGem } from './installed-gem.ts'
import { readInstalledGem, type ReadGem, type SpecFile } from './read-gem-folder.ts'

/** The first that asks installed gems which Ruby they need (`metadata_dependencies` of lib/bundler/resolver/spec_group.rb). */
const asksForRuby = '2.3.0'

/** Tells which installed gems Bundler does not choose where there is no lock. Each is looked at once. */
export class PassedOver {
  readonly #tree: FileTree
  readonly #runtime: Runtime
  readonly #unbuilt = new Map<string, boolean>()
  readonly #unfit = new Map<string, boolean>()
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

  /** Whether its specification can't be evaluated, or asks for another Ruby. */
  async isUnfit(spec: SpecFile): Promise<boolean> {
    const known = this.#unfit.get(spec.path)
    if (known !== undefined) return known
    const { gem, trouble } = this.#read(spec)
    const unfit = gem === null ? trouble?.effect === 'hidden' : await this.#asksForAnother(gem)
    this.#unfit.set(spec.path, unfit)
    return unfit
  }

  /** Whether RubyGems ignores it as not built. */
  #isUnbuilt(spec: SpecFile): boolean {
    const known = this.#unbuilt.get(spec.path)
    if (known !== undefined) return known
    const { gem } = this.#read(spec)
    const unbuilt = gem?.declaresExtensions === true && findExtensions(this.#tree, gem, this.#runtime).buildComplete === false
    this.#unbuilt.set(spec.path, unbuilt)
    return unbuilt
  }

  #read(spec: SpecFile): ReadGem {
    return readInstalledGem(this.#tree, spec, this.#runtime, spec.fullName)
  }

  async #asksForAnother({ requiredRubyVersion }: InstalledGem): Promise<boolean> {
    if (requiredRubyVersion === null || (await meetsRequirement(this.#runtime.version, requiredRubyVersion)) !== false) return false
    this.#heedsRuby ??= this.#findWhetherRubyIsHeeded()
    return this.#heedsRuby
  }

  #findWhetherRubyIsHeeded(): boolean {
    const bundler = bundlerInForce(this.#tree, null, this.#runtime)
    return bundler === null || !isBefore(bundler, asksForRuby)
  }
}
