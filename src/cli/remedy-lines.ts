import type { Explanation } from '../recovery/blame/explanation.ts'

const programs =
  'apk apt-get arch asdf auditctl bezel brew bundle cd df dmesg dnf docker echo export file findmnt gdb gem getconf git head ldconfig ldd mount otool patchelf ' +
  'rbenv readelf rm ruby sudo ulimit unset xcode-select'
const command = new RegExp(`^(?:[A-Z][A-Z0-9_]*=\\S* )*(?:${programs.replaceAll(' ', '|')})(?: (?!")|$)`)

/** Whether a line of a remedy is to be typed as it stands; the others are sentences, or code for a configuration file. */
export function isCommand(line: string): boolean {
  return command.test(line)
}

/** What to type: the known remedy, else what would give better evidence. Never empty. */
export function remedyLines({ remedy, kind, confidence, evidence }: Explanation): readonly string[] {
  if (remedy.length > 0) return remedy
  if (kind === 'other' && confidence === 'unknown' && evidence.some((line) => line.startsWith('nothing in this text')))
    return [
      'docker logs CONTAINER 2>&1 | bezel explain   # the whole log, both streams',
      'bezel explain --exit-status 139 LOG   # with the status that the supervisor tells',
      'echo $RUBY_CRASH_REPORT   # when it is set, reports go to that file',
    ]
  return [
    'ulimit -c unlimited   # then start it again',
    'gdb -batch -ex bt $(command -v ruby) core',
    'explain the whole report, from its [BUG] line to its memory map, if this is a part of it',
  ]
}
