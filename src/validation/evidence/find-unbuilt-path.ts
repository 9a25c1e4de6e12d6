import { posix } from 'node:path'
import { isCritical } from '../compatibility/critical-gems.ts'
import type { FileTree } from '../files/file-tree.ts'
import { glob } from '../files/glob.ts'
import type { GemExtensions } from '../gems/extension.ts'
import type { InstalledGem } from '../gems/installed-gem.ts'
import type { Observation } from '../observation.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Evidence } from '../validation-report.ts'
import { lineThatAsks } from './line-that-asks.ts'

/** Ruby files of one gem that are read, and how much of each. */
const maxFiles = 200
const maxBytes = 64 * 1024
const required = /^([ \t]*)require(?:_relative)?[ \t(]+(["'])([^"'#\n]+)\2/gm
/** `create_makefile` of mkmf, `create_rust_makefile` of rb_sys. */
const makefile = /\bcreate_(?:rust_)?makefile[ \t(]+["']([^"'#\n]+)["']/g

/**
 * A gem of a `path:` source that states extensions and has none. Bundler never compiles those (lib/bundler/source/path.rb, `install`), and
 * compiled files are seldom kept in Git, or copied into an image. One whose Ruby code loads the file without more ado can not be loaded;
 * of another nobody can tell whether it does without.
 */
export function findUnbuiltPath(tree: FileTree, { gem, loaded }: GemExtensions, { extensionSuffix }: Runtime): Observation | null {
  const { name, version, folder, specPath } = gem
  if (gem.origin !== 'path' || !gem.declaresExtensions || loaded.length > 0) return null
  // Some load it from where it was linked.
  if (glob(tree, folder, `**/*.${extensionSuffix}`).length > 0) return null
  const need = findNeed(tree, gem)
  if (need === null && !isCritical(name)) return withoutTrace(gem)
  return {
    code: 'EXTENSION_ABSENT',
    gem: name,
    evidence: [{ what: 'states native code, of which no file is there', where: specPath }, ...(need === null ? [] : [need])],
    explanation: `${name} ${version} in ${folder} was never compiled: Bundler leaves that to whoever keeps the folder.`,
    mend: { tag: 'Rebuild' },
  }
}

/** Of a gem that states native code, and shows none. */
export function withoutTrace({ name, specPath }: Pick<InstalledGem, 'name' | 'specPath'>): Observation {
  return {
    code: 'ORIGIN_UNKNOWN',
    gem: name,
    evidence: [{ what: 'states native code, of which no file was found', where: specPath }],
    explanation: `No compiled file of ${name} was found, so nothing tells whether it fits.`,
    mend: { tag: 'Rebuild' },
  }
}

/** What shows that the gem can not do without its extension: it is the gem's own feature, or a line loads it. */
function findNeed(tree: FileTree, { name, folder, requireFolders }: InstalledGem): Evidence | null {
  const made = glob(tree, folder, 'ext/**/extconf.rb')
    .slice(0, maxFiles)
    .flatMap((where) => [...(tree.text(where, maxBytes) ?? '').matchAll(makefile)].map(([, feature = '']) => ({ feature, where })))
    .filter(({ feature }) => requireFolders.every((lib) => tree.realPath(posix.join(lib, `${feature}.rb`)) === null))
  const own = made.find(({ feature }) => feature === name || feature === name.replaceAll('-', '/'))
  if (own !== undefined) return { what: `would make ${own.feature}, by which the gem is loaded`, where: own.where }
  if (made.length === 0) return null
  for (const lib of requireFolders)
    for (const script of glob(tree, lib, '**/*.rb').slice(0, maxFiles)) {
      const text = tree.text(script, maxBytes) ?? ''
      for (const { feature } of made) {
        const line = lineThatAsks(text, required, (asked) => isFeature(asked.replace(/\.(?:so|bundle)$/, ''), feature, lib, script))
        if (line !== null) return { what: `loads ${feature}, which its extension would be`, where: `${script}:${line}` }
      }
    }
  return null
}

function isFeature(asked: string, feature: string, lib: string, script: string): boolean {
  return asked === feature || posix.join(posix.dirname(script), asked) === posix.join(lib, feature)
}
