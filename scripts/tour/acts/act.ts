import type { TestPostgres } from '../../../test/support/postgres.ts'
import type { ExampleApp } from '../../../test/support/example-app.ts'
import type { Narrator } from '../narrator.ts'

/** What an act of the tour has to do with. */
export interface Stage {
  readonly app: ExampleApp
  readonly database: TestPostgres
  readonly narrator: Narrator
  readonly workers: number
}

/** Lets a load run for a while. */
export function forMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
