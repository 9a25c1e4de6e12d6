/** What belongs to bezel's own process: its settings, systemd's sockets, notification and watchdog, Node's channel to a parent. */
const ownVariables = /^(BEZEL_|LISTEN_(FDS|PID|FDNAMES)$|NOTIFY_SOCKET$|WATCHDOG_(USEC|PID)$|NODE_CHANNEL_|NODE_UNIQUE_ID$)/

/**
 * The environment that a child may inherit. A worker that finds LISTEN_FDS or NOTIFY_SOCKET would take them for its own:
 * Puma binds inherited descriptors, and `sd_notify` from a worker would speak for bezel.
 */
export function inheritedEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const inherited: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && !ownVariables.test(name)) inherited[name] = value
  return inherited
}
