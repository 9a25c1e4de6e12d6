import { toRuntime, type Runtime } from '../../src/validation/runtime/runtime.ts'

/** A shared Ruby 3.1 for x86-64 Linux that exists only as its configuration. `more`: further lines of it, or other values. */
export function madeRuntime(
  gemFolders: readonly string[] = [],
  more: Readonly<Record<string, string>> = {},
  path = '/usr/bin/ruby',
): Runtime {
  const config = { MAJOR: '3', MINOR: '1', ruby_version: '3.1.0', arch: 'x86_64-linux', ENABLE_SHARED: 'yes', ...more }
  return toRuntime(new Map(Object.entries(config)), path, [...gemFolders])
}
