import { posix } from 'node:path'
import type { Place } from './place.ts'

/** One word of a shell's command line. */
export function quoted(word: string): string {
  return /^[\w./@%+=:,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** A path as it is typed in the app's folder. */
export function typed({ appPath }: Pick<Place, 'appPath'>, path: string): string {
  const relative = path.startsWith(`${appPath}/`) ? path.slice(appPath.length + 1) : path
  return quoted(relative.startsWith('-') ? `./${relative}` : relative)
}

/** A command that only root may run. */
export function asRoot({ typist }: Pick<Place, 'typist'>, command: string): string {
  switch (typist.rootBy) {
    case null:
      return command
    case 'sudo':
      return `sudo ${command}`
    case 'su':
      return `su -c ${quoted(command)}`
  }
}

/** A command that writes below `folder`: root's, where the one who types may not. */
export function asWriter(place: Pick<Place, 'typist'>, folder: string, command: string): string {
  return place.typist.mayWrite(folder) ? command : asRoot(place, command)
}

/** `gem` or `bundle` of the judged Ruby, also where another one comes first on PATH. */
export function ofRuby({ tree, runtime, typist }: Pick<Place, 'tree' | 'runtime' | 'typist'>, command: string): string {
  if (typist.typesJudgedRuby === true) return command
  const first = typist.path.find((folder) => tree.kind(posix.join(folder, 'ruby')) !== null)
  if (first !== undefined && tree.realPath(posix.join(first, 'ruby')) === tree.realPath(runtime.rubyPath)) return command
  const folder = posix.dirname(runtime.rubyPath)
  // Debian's Rubies share a folder, where only one of them has the plain names: the others' programs have their version in the name.
  const own = posix.join(folder, command.replace(/^([a-z]+)[\d.]*(?= |$)/, `$1${runtime.minor}`))
  const isShared = tree.realPath(posix.join(folder, 'ruby')) !== tree.realPath(runtime.rubyPath)
  if (isShared && tree.kind(own.split(' ')[0] ?? '') !== null) return own
  return `PATH=${quoted(folder)}:$PATH ${command}`
}

/** A `gem` command of the judged Ruby about a gem in one folder. */
export function ofGemFolder(place: Pick<Place, 'tree' | 'runtime' | 'typist'>, home: string, command: string): string {
  const where = place.typist.lost.homes.includes(home) ? `GEM_HOME=${quoted(home)} ` : ''
  return asWriter(place, home, where + ofRuby(place, command))
}

/** Remedies are commands, or sentences for a person, which end with a full stop. */
export function isCommand(line: string): boolean {
  return !line.endsWith('.')
}
