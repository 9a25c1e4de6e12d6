import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { codeFolder, ownFile } from '../../own-files.ts'
import type { ValidationSettings } from '../options.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Variables that Ruby, RubyGems, Bundler, version managers, loaders and C libraries go by. Others change with every start. */
const telling =
  /^(?:PATH|HOME|LANG|LC_\w+|TMPDIR|GLIBC_TUNABLES|(?:GEM|BUNDLE|BUNDLER|RUBY|LD|DYLD|MALLOC|OPENSSL|SSL|MISE|ASDF|RBENV)(?:_\w+|OPT|LIB)?)$/
/** What judges: bezel's own code, and the tables that it knows. */
const judges = [codeFolder, ownFile('data/compatibility')]

/** Everything that a verdict depends on besides the files of the app and the machine. */
export function reportKey(settings: ValidationSettings, runtime: Runtime, mountInfo: string | null, today: string): string {
  const { env, ignore, ...rest } = settings
  const parts = {
    rest,
    env: Object.entries(env)
      .filter(([name]) => telling.test(name))
      .sort(([one], [other]) => (one < other ? -1 : 1)),
    ignore,
    // An exception ends on a day.
    today: ignore.length === 0 ? null : today,
    runtime,
    kernel: release(),
    user: process.getuid?.() ?? null,
    mounts: mountInfo === null ? null : mountsOf(mountInfo),
    judge: [process.version, ...judges.map(newestChange)],
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** Mount points and their options; the other fields of a line change with every start of a service. */
function mountsOf(mountInfo: string): string[] {
  return mountInfo.split('\n').map((line) => line.split(' ').slice(4, 6).join(' '))
}

function newestChange(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !name.includes('.test.'))
  return names.reduce((newest, name) => Math.max(newest, statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0), 0)
}
