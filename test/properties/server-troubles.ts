import { Client, DatabaseError } from 'pg'
import type { TestPostgres } from '../support/postgres.ts'

/** Ways in which no connection to a server can be opened. Sessions that are open live on in the last three. */
export const troubles = ['stopped', 'crashed', 'silent', 'refusing', 'full'] as const
export type ServerTrouble = (typeof troubles)[number]

/** What the breaker is for: nobody is reached. */
export function isOutage(trouble: ServerTrouble): boolean {
  return trouble === 'stopped' || trouble === 'crashed' || trouble === 'silent'
}

/** Resolves when it has begun; what it resolves with ends it. */
export async function beginTrouble(postgres: TestPostgres, trouble: ServerTrouble): Promise<() => Promise<unknown>> {
  switch (trouble) {
    case 'stopped':
      await postgres.stop('fast')
      return () => postgres.start()
    case 'crashed':
      await postgres.stop('immediate')
      return () => postgres.start()
    case 'silent': {
      // The kernel goes on to accept connections for it.
      const { pid } = postgres
      if (pid === null) throw new Error('no server')
      process.kill(pid, 'SIGSTOP')
      return () => Promise.resolve(process.kill(pid, 'SIGCONT'))
    }
    case 'refusing':
      await postgres.queryAsSuper(`ALTER ROLE ${postgres.user} NOLOGIN`)
      return () => postgres.queryAsSuper(`ALTER ROLE ${postgres.user} LOGIN`)
    case 'full':
      return fill(postgres)
  }
}

/** Takes every connection that is left to ordinary logins. */
async function fill(postgres: TestPostgres): Promise<() => Promise<void>> {
  const { socketDir: host, port, user, password, database } = postgres
  const taken: Client[] = []
  for (let isFull = false; !isFull;) {
    const client = new Client({ host, port, user, password, database, application_name: 'filler' })
    client.on('error', () => {})
    try {
      await client.connect()
      taken.push(client)
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== '53300') throw error
      isFull = true
    }
  }
  return async () => {
    await Promise.all(taken.map((client) => client.end()))
    // A slot is free when the process behind it has gone.
    for (let left = 1; left > 0;) {
      const [row] = await postgres.queryAsSuper("SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'filler'")
      left = Number(row?.['n'])
    }
  }
}
