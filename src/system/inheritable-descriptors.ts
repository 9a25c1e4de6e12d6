import { readdirSync, readFileSync } from 'node:fs'

/** O_CLOEXEC in the `flags` of /proc/PID/fdinfo, octal (open(2), proc(5)). */
const closeOnExec = 0o2_000_000

/**
 * Descriptors above 2 that a child of this process would inherit. Node opens its own with close-on-exec and marks the first 16
 * that it was given (libuv, `uv_disable_stdio_inheritance`), so these are higher ones from whoever started it: a shell's pipe, a socket.
 */
export function inheritableDescriptors(): number[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    const fd = Number(name)
    if (fd <= 2) return []
    try {
      const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))?.[1]
      return flags === undefined || (Number.parseInt(flags, 8) & closeOnExec) !== 0 ? [] : [fd]
    } catch {
      // The descriptor of the listing itself.
      return []
    }
  })
}
