import { posix } from 'node:path'
import type { FileTree } from '../files/file-tree.ts'
import type { Claim } from './claim.ts'

const maxLogBytes = 256 * 1024
/** Each log with what names its Ruby: the interpreter that ran extconf.rb, the headers that it compiled against. */
const logs = [
  { name: 'gem_make.out', names: /(?:\/ruby|\/versions\/|\/ruby-)(\d+\.\d+)(?:\.\d+)?[^\s/]*(?:\/bin\/ruby)?[^\n]* extconf\.rb/ },
  { name: 'mkmf.log', names: /-I\S*\/include\/(?:\S+\/)?ruby-(\d+\.\d+)\.\d+/ },
] as const

/**
 * What the logs of the build say, which RubyGems keeps beside what it built. A log that names another Ruby than its own folder
 * shows that the folder was copied or renamed: as strong as the file itself. One that agrees proves nothing about a file put there later.
 */
export function readBuildLogs(tree: FileTree, builtFolder: string, folderMinor: string): Claim[] {
  return logs.flatMap(({ name, names }) => {
    const where = posix.join(builtFolder, name)
    const minor = names.exec(tree.text(where, maxLogBytes) ?? '')?.[1]
    if (minor === undefined) return []
    return [
      { minor, by: minor === folderMinor ? ('place' as const) : ('file' as const), what: 'the log of the build names its Ruby', where },
    ]
  })
}
