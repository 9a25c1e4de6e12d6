import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Extension, GemExtensions } from '../gems/extension.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { lineThatAsks } from './line-that-asks.ts'

export interface LostCopy {
  /** Where the gem looks for it. */
  readonly wanted: string
  /** The file and line that ask for it there. */
  readonly asker: string
  /** The copy that is left, which such a line does not find. */
  readonly left: string
}

/** Ruby files of one folder that are read, and how much of each: the line stands near the top of one of a few. */
const maxFiles = 100
const maxBytes = 64 * 1024
const relative = /^([ \t]*)require_relative[ \t(]+(["'])([^"'#\n]+)\2/gm

/**
 * Extensions whose copy in `lib` is gone although the gem asks for it beside its own file. RubyGems' extension folder is on the load path, so
 * `require` does without that copy, which is optional (`Gem.install_extension_in_lib`); `require_relative` never looks there.
 * A gem that rescues the LoadError may know another way.
 */
export function findLostCopies(tree: FileTree, { gem, loaded }: GemExtensions, runtime: Runtime): LostCopy[] {
  if (gem.origin === 'package') return []
  return loaded.flatMap((extension) => gem.requireFolders.flatMap((lib) => askedBeside(tree, lib, extension, runtime)).slice(0, 1))
}

function askedBeside(tree: FileTree, lib: string, { feature, path }: Extension, { extensionSuffix }: Runtime): LostCopy[] {
  const target = posix.join(lib, feature)
  const wanted = `${target}.${extensionSuffix}`
  if (tree.kind(wanted) !== null) return []
  for (let folder = posix.dirname(target); ; folder = posix.dirname(folder)) {
    const scripts = tree.list(folder).filter(({ name, kind }) => kind === 'file' && name.endsWith('.rb'))
    for (const { name } of scripts.slice(0, maxFiles)) {
      const script = posix.join(folder, name)
      const line = lineThatAsks(tree.text(script, maxBytes) ?? '', relative, (asked) => isAsked(tree, posix.join(folder, asked), target))
      if (line !== null) return [{ wanted, asker: `${script}:${line}`, left: path }]
    }
    if (folder === lib || !folder.startsWith(`${lib}/`)) return []
  }
}

/** Without a suffix, a script of that name comes first. `.so` stands for the machine's own suffix. */
function isAsked(tree: FileTree, asked: string, target: string): boolean {
  return asked === `${target}.so` || (asked === target && tree.kind(`${target}.rb`) === null)
}
