import { readGdbFrame } from './gdb-frame.ts'
import { readAppleFrame, readCFrame, readControlFrame, readSectionTitle } from './report-lines.ts'

/** Whether a line belongs to a report whose header is lost. C frames that follow an abort are the abort's. */
export function opensHeadless(text: string, followsAbort: boolean): boolean {
  const section = readSectionTitle(text)
  if (section !== null) return section === 'control' || section === 'ruby' || section === 'machine' || section === 'c'
  if (readControlFrame(text) !== null || /\b(?:RIP|rip|RAX|rax|EFL|rfl|sp): 0x[0-9a-f]{8}/.test(text)) return true
  if (/\b(?:rb_vm_bugreport|rb_bug\w*|_sigtramp) \+ \d+/.test(text)) return readAppleFrame(text) !== null
  if (followsAbort) return false
  if (/^\s*#\d+ +0x[0-9a-f]+ in \S/.test(text)) return readGdbFrame(text) !== null
  if (!/\) \[0x[0-9a-f]+\]/.test(text)) return false
  const frame = readCFrame(text, false)
  return frame?.library !== null && frame?.library !== undefined && /\.(?:so|dylib|bundle)|ruby/.test(frame.library)
}
