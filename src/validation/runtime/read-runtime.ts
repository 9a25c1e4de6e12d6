import { posix } from 'node:path'
import { readElf } from '../../formats/elf/read-elf.ts'
import { readFixedPrefix, readRbConfig } from '../../formats/rbconfig/read-rbconfig.ts'
import type { FileTree } from '../files/file-tree.ts'
import { toRuntime, type Runtime } from './runtime.ts'
import { usualGemFolders } from './usual-gem-folders.ts'

/** The runtime of an interpreter that can't be run: from the `rbconfig.rb` installed beside it. Null when none fits. */
export function readRuntime(tree: FileTree, ruby: string): Runtime | null {
  const prefix = posix.dirname(posix.dirname(ruby))
  const minor = minorOf(tree, ruby)
  const runtimes = configFiles(tree, prefix).flatMap((path) => {
    const text = tree.text(path)
    const config = text === null ? null : readRbConfig(text, path)
    if (text === null || config === null || 'tag' in config) return []
    const fixed = readFixedPrefix(text)
    const moved =
      fixed !== null &&
      fixed !== config.get('prefix') &&
      tree.realPath(posix.join(fixed, 'lib/ruby', posix.basename(config.get('rubylibdir') ?? ''))) === null
    const runtime = { ...toRuntime(config, ruby, []), movedFrom: moved ? fixed : null }
    return [{ ...runtime, gemFolders: usualGemFolders(tree, runtime) }]
  })
  return runtimes.find((runtime) => runtime.minor === minor) ?? (minor === null ? runtimes[0] : undefined) ?? null
}

/** `rbconfig.rb` stands in `lib/ruby/3.1.0/x86_64-linux` (a platform's name has a hyphen), on Debian in `lib/x86_64-linux-gnu/ruby/3.1.0`, on Fedora in `lib64/ruby/3.1.0`. */
function configFiles(tree: FileTree, prefix: string): string[] {
  const found: string[] = []
  const visit = (folder: string, depth: number) => {
    for (const { name, kind } of tree.list(folder)) {
      if (name === 'rbconfig.rb') found.push(`${folder}/${name}`)
      else if (kind !== 'file' && depth > 0 && (depth === 1 ? name.includes('-') : /^\d+\.\d+/.test(name)))
        visit(`${folder}/${name}`, depth - 1)
    }
  }
  for (const lib of ['lib', 'lib64']) {
    const folder = `${prefix}/${lib}`
    visit(`${folder}/ruby`, 2)
    for (const { name, kind } of tree.list(folder)) if (kind === 'folder' && name.includes('-linux')) visit(`${folder}/${name}/ruby`, 2)
  }
  return found
}

/** The version that the interpreter itself names: its libruby, else the suffix of its name (`ruby3.1`). */
function minorOf(tree: FileTree, ruby: string): string | null {
  const file = tree.open(ruby)
  if (file === null) return null
  try {
    const elf = readElf(file)
    const library = elf.tag === 'Elf' ? elf.needed.find((name) => name.startsWith('libruby')) : undefined
    return /(\d+\.\d+)(?:\.\d+)?$/.exec(library ?? posix.basename(ruby))?.[1] ?? null
  } finally {
    file.close()
  }
}
