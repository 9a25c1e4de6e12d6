import type { Scan } from './call-scan.ts'
import type { SqlCursor } from './sql-cursor.ts'

/** One statement that is being read; the cursor stands behind its first word. */
export interface StatementContext {
  readonly cursor: SqlCursor
  readonly bytes: Buffer
  /** First byte of the statement. */
  readonly start: number
  readonly standardStrings: boolean
  /** Walks the statement to its end. */
  readonly rest: () => Scan
}
