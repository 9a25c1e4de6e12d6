/** What one SQL statement does to its session, as far as its text tells. */
export interface Statement {
  readonly effect: Effect
  /** Changes what others can see: without an answer it is not known whether it did. */
  readonly writes: boolean
  /** What it leaves in the session that can't be recreated; null: nothing. */
  readonly taint: Taint | null
}

/** Something that exists only on one server connection. Some kinds a client can take back as a whole. */
export interface Taint {
  readonly kind: TaintKind
  /** For people: `LISTEN`, `function pay_invoice`. */
  readonly what: string
}

export type TaintKind = 'listen' | 'temporary' | 'lock' | 'cursor' | 'prepared' | 'other'

/** Takes effect when the server has said that the statement is complete, and for settings and `Forget` when the transaction has committed. */
export type Effect =
  | { readonly tag: 'Nothing' }
  /** A setting of the session; `sql` is the whole statement, in the client's encoding. */
  | { readonly tag: 'Set'; readonly name: string; readonly sql: Buffer }
  | { readonly tag: 'Reset'; readonly name: string; readonly sql: Buffer }
  | { readonly tag: 'ResetAll' }
  | { readonly tag: 'Begin' }
  /** `chain`: a new transaction begins at once. */
  | { readonly tag: 'Commit' | 'Rollback'; readonly chain: boolean }
  | { readonly tag: 'Savepoint' | 'RollbackTo' | 'Release'; readonly name: string }
  | { readonly tag: 'Prepare'; readonly name: string; readonly sql: Buffer; readonly body: Pick<Statement, 'writes' | 'taint'> }
  /** Null: all. */
  | { readonly tag: 'Deallocate'; readonly name: string | null }
  | { readonly tag: 'Execute'; readonly name: string }
  | { readonly tag: 'Forget'; readonly kind: TaintKind }
  | { readonly tag: 'DiscardAll' }

export const nothing: Effect = { tag: 'Nothing' }

/** The most common statements; shared, so that reading one allocates nothing. */
export const plainRead: Statement = { effect: nothing, writes: false, taint: null }
export const plainWrite: Statement = { effect: nothing, writes: true, taint: null }

export function tainted(kind: TaintKind, what: string): Statement {
  return { effect: nothing, writes: true, taint: { kind, what } }
}

export function only(effect: Effect): Statement {
  return { effect, writes: false, taint: null }
}

/** For one of several that are not told apart: what holds for each of them, or a taint that says `what`. */
export function oneOf(statements: readonly Statement[], what: string): Statement {
  const [first = plainWrite] = statements
  if (statements.length === 1) return first
  const isPlain = statements.every(({ effect, taint }) => effect === nothing && taint === null)
  if (!isPlain) return tainted('other', what)
  return statements.some(({ writes }) => writes) ? plainWrite : plainRead
}
