import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { judgeExtension } from '../../src/validation/evidence/judge-extension.ts'
import type { Workbench } from '../../src/validation/evidence/workbench.ts'
import type { Extension } from '../../src/validation/gems/extension.ts'
import type { InstalledGem } from '../../src/validation/gems/installed-gem.ts'
import { ElfShelf } from '../../src/validation/libraries/elf-shelf.ts'
import { ExtensionExports } from '../../src/validation/libraries/extension-exports.ts'
import { toRuntime } from '../../src/validation/runtime/runtime.ts'
import { makeElf } from '../support/make-elf.ts'
import { memoryTree } from '../support/memory-tree.ts'
import { buildForOtherRuby, otherRubies, shareTinyApps, validatorOf } from './broken-gem.ts'
import { modelProperty, realProperty } from './cases.ts'

const minor = fc.constantFrom('2.7', '3.0', '3.1', '3.2', '3.3', '3.4', '4.0')
/** How distributions and self-built Rubies call their library. */
const spelling = fc.constantFrom(
  (version: string) => `libruby-${version}.so.${version}`,
  (version: string) => `libruby.so.${version}`,
  (version: string) => `libruby${version.replace('.', '')}.so.${version}`,
)

modelProperty(
  1,
  fc.record({ running: minor, builtFor: minor, spell: spelling, others: fc.subarray(['libc.so.6', 'libm.so.6', 'libpq.so.5']) }),
  (drawn) => {
    const { running, builtFor, spell, others } = drawn
    const path = '/gems/tiny-1.0.0/lib/tiny.so'
    const [major = '', minorPart = ''] = running.split('.')
    const config = new Map([
      ['MAJOR', major],
      ['MINOR', minorPart],
      ['TEENY', '0'],
      ['ruby_version', `${running}.0`],
      ['ENABLE_SHARED', 'yes'],
      ['arch', 'x86_64-linux-gnu'],
    ])
    const tree = memoryTree(new Map([[path, makeElf([spell(builtFor), ...others])]]))
    const bench: Workbench = {
      tree,
      runtime: toRuntime(config, '/usr/bin/ruby', []),
      shelf: new ElfShelf(tree),
      linked: null,
      extensions: new ExtensionExports(tree, []),
    }
    const gem: InstalledGem = {
      name: 'tiny',
      version: '1.0.0',
      platform: 'ruby',
      origin: 'gem',
      fullName: 'tiny-1.0.0',
      home: '/gems',
      folder: '/gems/tiny-1.0.0',
      requireFolders: ['/gems/tiny-1.0.0/lib'],
      extensionsRoot: null,
      declaresExtensions: true,
      requiredRubyVersion: null,
      specPath: '/specifications/tiny-1.0.0.gemspec',
      packagedFiles: null,
      lacks: null,
    }
    const extension: Extension = { gem, path, feature: 'tiny', folderMinor: null, inExtensionFolder: false }
    const { verdict, builtFor: judged } = judgeExtension(bench, extension, {
      gem,
      hasCode: true,
      loaded: [extension],
      shadowed: [],
      otherMinors: [],
      builtFolder: null,
      buildComplete: true,
      builtForOthers: [],
    })
    expect(judged).toBe(builtFor)
    expect(verdict).toBe(builtFor === running ? 'compatible' : 'incompatible')
  },
)

const shared = shareTinyApps()
afterAll(() => shared.remove())

realProperty(
  1,
  fc.option(fc.constantFrom(...otherRubies)),
  async (version) => {
    const app = shared.copy('bundler')
    try {
      if (version !== null) buildForOtherRuby(app, version)
      const { verdict, gems } = await validatorOf(app).validate()
      expect(verdict).toBe(version === null ? 'compatible' : 'incompatible')
      expect(gems.find(({ gemName }) => gemName === 'tiny_ext')).toMatchObject({
        rubyVersionCompiledFor: version ?? expect.stringMatching(/^\d\.\d/),
        recompilationRequired: version !== null,
      })
    } finally {
      app.remove()
    }
  },
  300_000,
  2,
)
