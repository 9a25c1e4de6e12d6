/** One `ld.so.conf`: folders to search, and patterns of further files to read. */
export interface LoaderConfig {
  readonly folders: readonly string[]
  /** Absolute, or relative to the file's own folder; the last part may hold `*` and `?`. */
  readonly includes: readonly string[]
}

/** Reads `/etc/ld.so.conf` or a file that it includes (ldconfig(8)). Lines that are no absolute path are passed over. */
export function readLoaderConfig(text: string): LoaderConfig {
  const folders: string[] = []
  const includes: string[] = []
  for (const line of text.slice(0, 256 * 1024).split('\n')) {
    const entry = line.replace(/#.*/, '').trim()
    const include = /^include\s+(.+)$/.exec(entry)?.[1]
    if (include !== undefined) includes.push(...include.split(/\s+/))
    else
      folders.push(
        ...entry
          .split(/[\s:,]+/)
          .filter((each) => each.startsWith('/'))
          .map((each) => each.replace(/=.*/, '')),
      )
  }
  return { folders, includes }
}

/** Reads musl's `/etc/ld-musl-<arch>.path`: folders separated by colons or newlines (musl's ldso/dynlink.c). */
export function readMuslPath(text: string): string[] {
  return text
    .slice(0, 64 * 1024)
    .split(/[:\n]/)
    .map((each) => each.trim())
    .filter((each) => each.startsWith('/'))
}
