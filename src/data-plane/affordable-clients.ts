/** Descriptors that are open besides those of clients and their workers: Node's own, log, link, listeners, sessions of the gateway. */
const reserved = 512
/** Below this nobody could be served: then the system's limit has to show itself. */
const fewest = 16

/**
 * How many clients can be let in: each may hold a second descriptor, for the connection to its worker. At the system's limit Node
 * accepts a client and closes it without a word, and the connections to the workers fail as well.
 */
export function affordableClients(wanted: number, openFiles: number | null): number {
  return openFiles === null ? wanted : Math.min(wanted, Math.max(fewest, Math.floor((openFiles - reserved) / 2)))
}
