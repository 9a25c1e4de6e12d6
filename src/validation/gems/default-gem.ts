import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Runtime } from '../runtime/runtime.ts'

/**
 * Compiled files of a gem that came with Ruby. Its specification lists them as they stand in Ruby's own folder (Ruby's tool/rbinstall.rb);
 * one that is not there is compiled into the interpreter, or comes in a package of its own.
 */
export function defaultGemFiles(tree: FileTree, gemspec: string, { archFolder, extensionSuffix }: Runtime): string[] {
  const list = /^[ \t]*\w+\.files[ \t]*=[ \t]*\[([^\]]*)\]/m.exec(gemspec)?.[1] ?? ''
  return [...list.matchAll(/["']([\w./-]+)["']/g)]
    .map(([, file = '']) => file)
    .filter((file) => file.endsWith(`.${extensionSuffix}`) && !file.startsWith('/') && !file.split('/').includes('..'))
    .map((file) => posix.join(archFolder, file))
    .filter((path) => tree.kind(path) !== null)
}
