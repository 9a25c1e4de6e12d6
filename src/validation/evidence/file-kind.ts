import type { ByteSource } from '../../formats/elf/byte-source.ts'

/** As much of a file as tells its kind. */
export function readHead(file: ByteSource): Buffer {
  return Buffer.from(file.read(0, Math.min(64, file.size)))
}

/** What a file is that bears the name of an extension, by its head; null for ELF and Mach-O, which are looked into. */
export function foreignKind(head: Buffer): string | null {
  const text = head.toString('latin1')
  if (head.length === 0) return 'empty'
  if (text.startsWith('version https://git-lfs')) return 'a Git LFS pointer, not the file it stands for'
  if (text.startsWith('MZ')) return 'a Windows library'
  if (text.startsWith('#!')) return 'a script'
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text)) return 'an HTML or XML page'
  if (text.startsWith('\x7fELF') || isMachO(head)) return null
  return head.length >= 4 && [...head].every((byte) => byte === 0) ? 'nothing but zeros' : null
}

/** Magic numbers of Mach-O, both word sizes and byte orders, and of its archives of several processors (mach-o/loader.h, fat.h). */
export function isMachO(head: Uint8Array): boolean {
  if (head.length < 4) return false
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0)
  return [0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe, 0xcafebabf].includes(magic)
}
