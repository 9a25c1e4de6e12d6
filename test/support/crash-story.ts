import { readFileSync } from 'node:fs'
import { CrashReportReader } from '../../src/formats/crash-report/crash-report-reader.ts'
import type { Evidence } from '../../src/recovery/blame/evidence.ts'
import { explainLog } from '../../src/recovery/blame/explain-log.ts'
import type { Explanation } from '../../src/recovery/blame/explanation.ts'

const samples = new URL('../fuzz/crash-report-samples/', import.meta.url)

/** The weightiest death of a log, as `bezel explain` tells it. */
export function explainText(text: string, known: Omit<Evidence, 'findings'> = {}): Explanation {
  const reader = new CrashReportReader()
  reader.push(Buffer.from(text))
  return explainLog(reader.end(), known).main
}

/** How many deaths a log holds. */
export function deathsIn(text: string): number {
  const reader = new CrashReportReader()
  reader.push(Buffer.from(text))
  return explainLog(reader.end(), {}).events.length
}

/** The same as `explainText` for a real report of `test/fuzz/crash-report-samples`. */
export function explainSample(name: string, known: Omit<Evidence, 'findings'> = {}): Explanation {
  return explainText(readFileSync(new URL(name, samples), 'utf8'), known)
}

/** A C frame of Ruby itself. */
export const ruby = (symbol: string): string => `/usr/lib/libruby-3.3.so.3.3(${symbol}+0x1) [0x7f0000000001]`
/** The kernel's return from a signal handler: what stands below is where it struck. */
const trampoline = '/lib/x86_64-linux-gnu/libc.so.6(__restore_rt+0x0) [0x7f0000000002]'
/** A C frame of `NAME-VERSION`. */
export const gem = (name: string, symbol: string): string =>
  `/srv/bundle/ruby/3.3.0/gems/${name}/lib/${name.split('-')[0]}_ext.so(${symbol}+0x1) [0x7f0000000003]`

interface Story {
  readonly header?: string
  readonly control?: readonly string[]
  /** C frames from the crash site on. */
  readonly c: readonly string[]
  readonly handler?: string
  readonly platform?: string
}

/** A report in Ruby's form, made up. */
export function report({
  header = '/srv/app.rb:1: [BUG] Segmentation fault at 0x00007f00deadbeef',
  control = ['c:0002 p:0001 s:0001 e:000001 METHOD /srv/app.rb:1'],
  c,
  handler = 'sigsegv',
  platform = 'x86_64-linux',
}: Story): string {
  return [
    header,
    `ruby 3.3.8 (2025-04-09 revision b200bad6cd) [${platform}]`,
    '-- Control frame information -----------------------------------------------',
    ...control,
    '-- C level backtrace information -------------------------------------------',
    ruby('rb_vm_bugreport'),
    ruby(handler),
    trampoline,
    ...c,
    '-- Other runtime information -----------------------------------------------',
  ].join('\n')
}
