const header = '# -*- encoding: utf-8 -*-\n'
/** Longer than what may follow the last `end`. */
const tailCharacters = 64
const magicCharacters = 16

/**
 * Why Ruby can not evaluate an installed gem's specification, to follow "it is"; null when nothing speaks against it.
 * RubyGems writes them whole, from a line on their encoding to a last `end` (Specification#to_ruby).
 */
export function whyGemspecBroken(text: string): string | null {
  const head = text.slice(0, tailCharacters)
  if (head.trim() === '' && text.trim() === '') return 'empty'
  // The stub lines, further on, hold NULs between their paths.
  if (text.slice(0, magicCharacters).includes('\0')) return 'no text'
  if (head.startsWith('version https://git-lfs')) return 'a Git LFS pointer, not the file it stands for'
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(head)) return 'an HTML or XML page'
  for (const marker of ['\n<<<<<<< ', '\n>>>>>>> ']) {
    const at = text.indexOf(marker)
    if (at !== -1) return `amid a merge: a conflict marker in line ${text.slice(0, at + 1).split('\n').length}`
  }
  return head.startsWith(header) && !/(?:^|\n)end\s*$/.test(text.slice(-tailCharacters)) ? 'cut: its last "end" is missing' : null
}
