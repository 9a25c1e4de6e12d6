import { readElf } from '../../formats/elf/read-elf.ts'
import type { ElfFile } from '../../formats/elf/elf.ts'
import { whyNoFile } from '../files/describe-entry.ts'
import type { FileTree } from '../files/file-tree.ts'
import { foreignKind, readHead } from './file-kind.ts'

/** Why the system could not load or start what stands at a path, to follow "it is"; null when it could, or when nothing is there. */
export function whyUnusable(tree: FileTree, path: string, whyUnfit: (elf: ElfFile) => string | null): string | null {
  const file = tree.kind(path) === 'file' ? tree.open(path) : null
  if (file === null) return whyNoFile(tree, path)
  try {
    const kind = foreignKind(readHead(file))
    if (kind !== null) return kind
    const elf = readElf(file)
    if (elf.tag === 'Malformed') return `unreadable (offset ${elf.offset}: ${elf.why})`
    return elf.truncatedAt === 'segment' ? 'cut: it ends before its last segment does' : whyUnfit(elf)
  } finally {
    file.close()
  }
}
