import { join } from 'node:path'
import type { Address } from '../link/messages.ts'
import { freePort } from '../system/free-port.ts'
import type { Listens } from './options.ts'

/** Where the next run will listen. Each run has a name of its own: nothing left of an older one can answer for it. */
export async function pickAddress(listens: Listens, runtimeDir: string, worker: number, run: number): Promise<Address> {
  if (listens.tag === 'Own') return listens.address
  if (listens.tag === 'Socket') return { tag: 'Unix', path: join(runtimeDir, `w${worker}-${run}.sock`) }
  // Readiness asks whether it is really the run that listens there.
  return { tag: 'Tcp', host: '127.0.0.1', port: await freePort() }
}

/** Puts the run's own values for `{socket}`, `{port}`, `{worker}` and `{run}`; other braces stay. */
export function fillIn(text: string, address: Address, worker: number, run: number): string {
  return text.replace(/\{(socket|port|worker|run)\}/g, (whole, name: string) => {
    if (name === 'worker') return String(worker)
    if (name === 'run') return String(run)
    if (name === 'socket') return address.tag === 'Unix' ? address.path : whole
    return address.tag === 'Tcp' ? String(address.port) : whole
  })
}
