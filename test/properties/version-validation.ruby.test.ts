import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { toByteSource } from '../../src/formats/elf/byte-source.ts'
import { systemClock } from '../../src/system/clock.ts'
import { judgeExtension } from '../../src/validation/evidence/judge-extension.ts'
import type { Workbench } from '../../src/validation/evidence/workbench.ts'
import type { FileTree } from '../../src/validation/files/file-tree.ts'
import type { Extension } from '../../src/validation/gems/extension.ts'
import type { InstalledGem } from '../../src/validation/gems/installed-gem.ts'
import { ElfShelf } from '../../src/validation/libraries/elf-shelf.ts'
import { validationDefaults } from '../../src/validation/options.ts'
import { toRuntime } from '../../src/validation/runtime/runtime.ts'
import { VersionValidator } from '../../src/validation/version-validator.ts'
import { makeElf } from '../support/make-elf.ts'
import { buildForOtherRuby, otherRubies, shareTinyApp } from './broken-gem.ts'
import { modelProperty, realProperty } from './cases.ts'

const minor = fc.constantFrom('2.7', '3.0', '3.1', '3.2', '3.3', '3.4', '4.0')
/** How distributions and self-built Rubies call their library. */
const spelling = fc.constantFrom(
  (version: string) => `libruby-${version}.so.${version}`,
  (version: string) => `libruby.so.${version}`,
  (version: string) => `libruby${version.replace('.', '')}.so.${version}`,
)

function treeOf(path: string, bytes: Buffer): FileTree {
  const open = (asked: string) => (asked === path ? { ...toByteSource(bytes), close: () => {} } : null)
  return {
    realPath: (asked) => (asked === path ? path : null),
    facts: (asked) => (asked === path ? { kind: 'file', size: bytes.length, mtimeMs: 0, inode: 1 } : null),
    list: () => [],
    text: () => null,
    open,
    shown: (asked) => asked,
    troubles: () => [],
  }
}

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
    const tree = treeOf(path, makeElf([spell(builtFor), ...others]))
    const bench: Workbench = {
      tree,
      runtime: toRuntime(config, '/usr/bin/ruby', []),
      shelf: new ElfShelf(tree),
      linked: null,
      someExtensionOffers: () => false,
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
    }
    const extension: Extension = { gem, path, feature: 'tiny', folderMinor: null, inExtensionFolder: false }
    const { verdict, builtFor: judged } = judgeExtension(bench, extension, {
      gem,
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

const shared = shareTinyApp()
afterAll(() => shared.remove())

realProperty(
  1,
  fc.option(fc.constantFrom(...otherRubies)),
  async (version) => {
    const app = shared.copy()
    try {
      if (version !== null) buildForOtherRuby(app, version)
      const outside = { clock: systemClock, random: Math.random, emit: () => {} }
      const validator = new VersionValidator({ ...validationDefaults, appPath: app.path, env: app.env }, outside)
      const { verdict, gems } = await validator.validate()
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
)
