import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Claim } from './claim.ts'

const maxLogBytes = 256 * 1024
/** Of one line: compilers are called with some 2,000 characters. */
const maxLineCharacters = 16 * 1024
/** `/usr/bin/ruby3.1`, `~/.rbenv/versions/3.1.2/bin/ruby`. */
const interpreter = /(?:\/ruby|\/versions\/|\/ruby-)(\d+\.\d+)/
/** Each log with what names its Ruby in a line: the interpreter that ran extconf.rb, the headers that it compiled against. */
const logs = [
  { name: 'gem_make.out', minorOf: (line: string) => interpreter.exec(line.slice(0, line.indexOf(' extconf.rb') + 1))?.[1] },
  {
    name: 'mkmf.log',
    minorOf: (line: string) => {
      const headers = line.split(/\s+/).find((word) => word.startsWith('-I') && /\/ruby-\d+\.\d+\.\d+/.test(afterInclude(word)))
      return headers === undefined ? undefined : /\/ruby-(\d+\.\d+)\./.exec(afterInclude(headers))?.[1]
    },
  },
] as const

function afterInclude(word: string): string {
  const at = word.indexOf('/include/')
  return at === -1 ? '' : word.slice(at + '/include'.length)
}

/**
 * What the logs of the build say, which RubyGems keeps beside what it built. A log that names another Ruby than its own folder
 * shows that the folder was copied or renamed: as strong as the file itself. One that agrees proves nothing about a file put there later.
 */
export function readBuildLogs(tree: FileTree, builtFolder: string, folderMinor: string): Claim[] {
  return logs.flatMap(({ name, minorOf }) => {
    const where = posix.join(builtFolder, name)
    const lines = (tree.text(where, maxLogBytes) ?? '').split('\n').map((line) => line.slice(0, maxLineCharacters))
    const minor = lines.map(minorOf).find((found) => found !== undefined)
    if (minor === undefined) return []
    return [
      { minor, by: minor === folderMinor ? ('place' as const) : ('file' as const), what: 'the log of the build names its Ruby', where },
    ]
  })
}

/** `ruby_version = 3.1.0` of a Makefile that mkmf.rb wrote. */
const makefileRuby = /^ruby_version = (\d+\.\d+)\./m
/** Extensions stand one or two folders below `ext`. */
const makefileDepth = 3
const maxMakefiles = 32

/**
 * The Makefile that a build leaves in the gem's own folder. The last Ruby that built there wrote it, and the copy in `lib` as well:
 * one of another Ruby is as strong as the file itself, one of this Ruby only supports.
 */
export function readMakefiles(tree: FileTree, gemFolder: string, feature: string, runtimeMinor: string): Claim[] {
  const target = posix.basename(feature)
  return makefiles(tree, posix.join(gemFolder, 'ext'), makefileDepth).flatMap((where) => {
    const text = tree.text(where, maxLogBytes) ?? ''
    const minor = makefileRuby.exec(text)?.[1]
    if (minor === undefined || /^TARGET = (\S+)/m.exec(text)?.[1] !== target) return []
    return [{ minor, by: minor === runtimeMinor ? ('place' as const) : ('file' as const), what: 'the Makefile of its build', where }]
  })
}

function makefiles(tree: FileTree, folder: string, depth: number): string[] {
  const entries = tree.list(folder)
  const here = entries.some(({ name, kind }) => name === 'Makefile' && kind === 'file') ? [posix.join(folder, 'Makefile')] : []
  const below = entries.filter(({ kind }) => kind === 'folder' && depth > 0)
  return [...here, ...below.flatMap(({ name }) => makefiles(tree, posix.join(folder, name), depth - 1))].slice(0, maxMakefiles)
}
