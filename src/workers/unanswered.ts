import type { WorkersEvent } from '../events/workers.ts'
import type { Address } from '../link/messages.ts'
import { readListeners } from '../system/listeners.ts'
import { readDescendants } from '../system/proc-fs.ts'
import type { Listens } from './options.ts'

/** Sockets that are named; a server with more than these is told of by the first. */
const mostNamed = 4

export type Unanswered = Omit<Extract<WorkersEvent, { tag: 'RunUnanswered' }>, 'tag' | 'worker' | 'run'>

/**
 * What a run that is still alive was asked at, and where it and its children listen instead. `refusal`: what was wrong with its last
 * answer, '' without one.
 */
export function describeUnanswered(pid: number | null, address: Address, { tag }: Listens, refusal: string): Unanswered {
  const wanted = show(address)
  const pids = pid === null ? [] : [pid, ...readDescendants(pid)]
  const listensOn = [...new Set(readListeners(pids).map(show))].filter((each) => each !== wanted).slice(0, mostNamed)
  const isThere = readListeners(pids).some((each) =>
    each.tag === 'Tcp' ? address.tag === 'Tcp' && each.port === address.port : show(each) === wanted,
  )
  return { address: wanted, listens: isThere, listensOn: isThere ? [] : listensOn, refusal, remedy: isThere ? [] : [remedies[tag]] }
}

const remedies: Readonly<Record<Listens['tag'], string>> = {
  Port: "give the server the port that bezel chose: bezel run -- COMMAND '$PORT' (with the quotes), or let it read PORT",
  Socket: 'let the server listen on {socket}: bezel run -- COMMAND {socket}',
  Own: 'workers.address: where the server listens',
}

function show(address: Address): string {
  if (address.tag === 'Unix') return address.path
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
