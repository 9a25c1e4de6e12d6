import { readOrNull } from './try-read.ts'

/** How many descriptors this process may have open (`RLIMIT_NOFILE`, which Node raises to the hard limit); null where `/proc` doesn't tell. */
export function openFilesLimit(): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(readOrNull('/proc/self/limits') ?? '')?.[1]
  return soft === undefined ? null : Number(soft)
}
