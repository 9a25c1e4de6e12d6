import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface OwnDatabase {
  readonly url: string
  stop(): Promise<void>
}

/** A fresh PostgreSQL that no signal of the terminal reaches, and that ends with us at the latest. */
export async function startOwnDatabase(): Promise<OwnDatabase> {
  const child = fork(join(import.meta.dirname, 'database-process.ts'), { detached: true })
  const exited = once(child, 'exit')
  const [first] = (await Promise.race([once(child, 'message'), exited])) as [{ url: string } | number | null]
  if (first === null || typeof first === 'number') throw new Error('the database of the demo did not start: see above')
  return {
    url: first.url,
    async stop() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
