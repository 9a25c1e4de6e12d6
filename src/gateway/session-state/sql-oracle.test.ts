import fc from 'fast-check'
import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, test } from 'vitest'
import { readStatements } from './read-statements.ts'
import { SqlLexer, token } from './sql-lexer.ts'
import type { Statement } from './statement.ts'
import { statelessFunctions } from './stateless-functions.ts'

beforeAll(loadModule)

interface Parsed {
  readonly stmts?: readonly { readonly stmt: Readonly<Record<string, unknown>> }[]
}

/** PostgreSQL's own parser; null where it refuses the text. */
function parsed(sql: string): Parsed | null {
  try {
    return parseSync(sql) as Parsed
  } catch {
    return null
  }
}

function read(sql: string): readonly Statement[] {
  const bytes = Buffer.from(sql)
  return readStatements(bytes, 0, bytes.length, true)
}

/** Names of all functions that a parse tree calls, except those that the grammar itself puts there. */
function calls(tree: unknown): string[] {
  if (Array.isArray(tree)) return tree.flatMap(calls)
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree).flatMap(([key, value]) => {
    const call = value as { funcformat?: string; funcname?: { String: { sval: string } }[] }
    const own =
      key === 'FuncCall' && call.funcformat !== 'COERCE_SQL_SYNTAX' ? [call.funcname!.map((part) => part.String.sval).join('.')] : []
    return [...own, ...calls(value)]
  })
}

const lexemes = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'SELECT',
      'select 1',
      ';',
      ';;',
      ' ',
      '\n',
      ',',
      '(',
      ')',
      '1',
      '1.5e3',
      '.5',
      '1E',
      '$1',
      '::',
      '-',
      '+',
      '*',
      '/',
      '@>',
      '=',
    ),
  },
  fc.constantFrom('a', 'E', 'b', 'x', 'U&', '"A;b"', '"q""r"', 'U&"d\\0061t"', 'pg_catalog', '.', 'lower', 'f', 'AS', 'FROM', 'INTO'),
  fc.constantFrom(
    "'a;b'",
    "'it''s'",
    "E'a\\';b'",
    "e'\\\\'",
    "E'a'\n'b\\';'",
    "E'a' -- ;\n'\\';'",
    "E'a' '\\'",
    "B'01'",
    "x'1F'",
    "N'n;'",
    "U&'d\\0061'",
    "'\\'",
  ),
  fc.constantFrom('$$a;b$$', '$t$ $$ ; $t$', '$1$', 'a$b$c', '$_x$;$_x$', '$é$;$é$'),
  fc.constantFrom('-- c;\n', '/* ; */', '/* /* ; */ ; */', '--\r', '/**/', '+--;\n1', '@/*;*/1'),
)
const text = fc.array(lexemes, { maxLength: 14, size: 'max' }).map((parts) => parts.join(''))
const spaced = fc.array(lexemes, { maxLength: 14, size: 'max' }).map((parts) => `SELECT ${parts.join(' ')}`)

/** Statements that are mostly valid, with calls wherever the grammar has room for one. */
const blank = fc.constantFrom(' ', '\n', '/* ( */', ' -- (\n')
const callee = fc.constantFrom(
  'lower',
  'own',
  'pg_catalog.lower',
  'public.own',
  '"own"',
  '"Lower"',
  'LOWER',
  'pg_advisory_lock',
  'numeric',
  '"select"',
  'left',
  'a.b.own',
)
const { expression, query } = fc.letrec<{ expression: string; query: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom('1', "'x('", '$1', 'a', 'a.b', 'NULL', '$$f($$', "E'\\'('", '"f("', 'current_user', 'now()'),
    fc.tuple(callee, blank, tie('expression')).map(([name, gap, inner]) => `${name}${gap}(${inner})`),
    fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `coalesce(${left}, ${right})`),
    tie('expression').map((inner) => `(${inner})::numeric(10,2)`),
    tie('expression').map((inner) => `CAST(${inner} AS varchar (3))`),
    tie('expression').map((inner) => `CASE WHEN (${inner}) IS NULL THEN (1) ELSE (2) END`),
    fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `${left} IN (${right}, 2)`),
    tie('expression').map((inner) => `ARRAY[${inner}, count(*) FILTER (WHERE (true)) OVER (PARTITION BY (1))]`),
    tie('query').map((inner) => `EXISTS (${inner})`),
    fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `(${left}) OPERATOR(pg_catalog.+) ${right}`),
  ),
  query: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    tie('expression').map((inner) => `SELECT ${inner} AS x`),
    fc.tuple(callee, tie('expression')).map(([name, inner]) => `SELECT * FROM ${name}(${inner}) AS t(a, b) JOIN u ON (${inner}) IS NULL`),
    fc.tuple(tie('query'), tie('query')).map(([left, right]) => `(${left}) UNION ALL (${right})`),
    fc
      .tuple(tie('query'), tie('expression'))
      .map(([inner, value]) => `WITH RECURSIVE w(a) AS (${inner}) SELECT ${value} FROM w GROUP BY GROUPING SETS ((1), (2)) ORDER BY (1)`),
    tie('expression').map((inner) => `VALUES (${inner}), (2)`),
    fc.tuple(tie('expression'), tie('expression')).map(([one, two]) => `SELECT DISTINCT ON (${one}) ${two}`),
    tie('expression').map((inner) => `SELECT '1'::timestamp(3) WITH TIME ZONE, (1) IS JSON WITH UNIQUE AS u, ${inner}`),
    fc
      .tuple(tie('query'), tie('query'), tie('expression'))
      .map(([one, two, value]) => `WITH a AS (${one}), b (x) AS NOT MATERIALIZED (${two}), "c" ("y") AS (SELECT 1) SELECT 1, ${value}`),
    fc.tuple(tie('query'), tie('expression')).map(([inner, value]) => `WITH a (x) AS (${inner}) (SELECT 1 AS x) ORDER BY 1, ${value}`),
    fc
      .tuple(callee, tie('expression'))
      .map(([name, inner]) => `SELECT 1 FROM ROWS FROM (lower('')) WITH ORDINALITY AS o (a, b), ${name}(${inner}) n (c), "t" w (d)`),
  ),
}))
const valid = fc.oneof(
  query,
  fc
    .tuple(expression, expression)
    .map(
      ([one, two]) => `INSERT INTO s.t (a, b) VALUES (${one}, (${two})) ON CONFLICT (a) DO UPDATE SET (a, b) = (1, 2) RETURNING (${one})`,
    ),
  expression.map((inner) => `UPDATE t SET a = ${inner} FROM (SELECT 1) AS x(y) WHERE (${inner}) IS NULL`),
  expression.map((inner) => `DELETE FROM t USING u WHERE a = ${inner}`),
  query.map((inner) => `EXPLAIN (ANALYZE, COSTS off) ${inner}`),
  query.map((inner) => `COPY (${inner}) TO STDOUT (FORMAT csv)`),
  query.map((inner) => `PREPARE p (int, numeric(3,2)) AS ${inner}`),
  query.map((inner) => `DECLARE c CURSOR FOR ${inner}`),
  query.map((inner) => `CREATE TABLE t (a, b) AS ${inner}`),
  expression.map((inner) => `EXECUTE p (${inner})`),
  expression.map((inner) => `CREATE INDEX ON t USING btree ((${inner}))`),
  fc.tuple(callee, expression).map(([name, inner]) => `CREATE UNIQUE INDEX i ON ONLY s.t (${name}(${inner}), a) WHERE (${inner})`),
  expression.map(
    (inner) => `ALTER TABLE t ALTER a TYPE numeric(3, 2) USING ${inner}, ADD EXCLUDE USING gist (b WITH =, (${inner}) WITH &&)`,
  ),
  query.map((inner) => `INSERT INTO t (a) WITH x (n) AS (SELECT 1), y (n) AS (${inner}) SELECT n FROM y`),
)
const script = fc.array(valid, { minLength: 1, maxLength: 3 }).map((list) => list.join(' ; '))

/** A call of a function that isn't known to be harmless. */
const callsUnknown = (tree: unknown) => calls(tree).some((name) => !statelessFunctions.has(name.replace(/^pg_catalog\./, '')))
const isTainted = ({ taint, effect }: Statement) => taint !== null || (effect.tag === 'Prepare' && effect.body.taint !== null)

describe('the SQL reader, beside the grammar of PostgreSQL', () => {
  test('finds as many statements in any text that PostgreSQL can read', () => {
    let accepted = 0
    fc.assert(
      fc.property(fc.oneof(text, spaced), (sql) => {
        const tree = parsed(sql)
        if (tree === null) return
        accepted += 1
        expect(read(sql).length).toBe(tree.stmts?.length ?? 0)
      }),
      { numRuns: 20_000 },
    )
    expect(accepted).toBeGreaterThan(500)
  })

  test('never takes a call of an unknown function for harmless', () => {
    const count = { parsed: 0, unknown: 0 }
    fc.assert(
      fc.property(fc.oneof({ weight: 1, arbitrary: spaced }, { weight: 4, arbitrary: script }), (sql) => {
        const tree = parsed(sql)
        if (tree === null) return
        count.parsed += 1
        const statements = read(sql)
        expect(statements.length).toBe(tree.stmts?.length ?? 0)
        statements.forEach((statement, at) => {
          if (!callsUnknown(tree.stmts![at])) return
          count.unknown += 1
          expect(isTainted(statement), sql).toBe(true)
        })
      }),
      { numRuns: 5_000 },
    )
    expect(count.parsed).toBeGreaterThan(1_500)
    expect(count.unknown).toBeGreaterThan(300)
  })

  test('takes what applications say all day for harmless', () => {
    const harmless = [
      'SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2',
      'INSERT INTO "posts" ("title", "created_at") VALUES ($1, $2) RETURNING "id"',
      'INSERT INTO posts AS p (a, b) SELECT lower(x), count(*) FROM y GROUP BY ROLLUP (x) ON CONFLICT (a) WHERE (b > 0) DO NOTHING',
      "UPDATE t SET (a, b) = ROW (1, now()), c = c || jsonb_build_object('k', 'f(x)') WHERE id IN (SELECT id FROM u WHERE v::numeric(10,2) > ANY ($1))",
      "WITH a (n) AS (VALUES (1)), b AS (SELECT row_number() OVER (PARTITION BY n ORDER BY n), extract(epoch FROM now()) FROM a) SELECT * FROM b AS c (x, y)",
      "SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a WHERE a.attrelid = '\"t\"'::regclass",
      "SELECT set_config('request.id', $1, true), nextval('s'), currval('s'), pg_try_advisory_xact_lock(1), pg_notify('a', 'b')",
      'EXPLAIN (ANALYZE, BUFFERS) SELECT 1', 'COPY t (a, b) FROM STDIN WITH (FORMAT csv)', 'LOCK TABLE t IN SHARE MODE', 'SHOW search_path', 'NOTIFY x', "SELECT * FROM generate_series(1, 2) AS g(n) WHERE n BETWEEN (1) AND (2)", 'SELECT temp, temporary FROM sensors',
    ] // prettier-ignore
    for (const sql of harmless)
      expect(
        read(sql).map(({ taint, effect }) => [taint, effect.tag]),
        sql,
      ).toEqual([[null, 'Nothing']])
  })

  test('counts the body of a function and the actions of a rule as one statement', () => {
    for (const sql of [
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 1',
      'CREATE OR REPLACE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 1',
      "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1; SELECT 2'; SELECT 1",
    ])
      expect([parsed(sql)?.stmts?.length, read(sql).length]).toEqual([2, 2])
  })

  test('ends on any bytes, and covers them from left to right', () => {
    const lexer = new SqlLexer()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60, size: 'max' }), fc.boolean(), (bytes, standard) => {
        const buffer = Buffer.from(bytes)
        lexer.begin(buffer, 0, buffer.length, standard)
        let last = 0
        for (let kind = lexer.next(); kind !== token.End; kind = lexer.next()) {
          expect(lexer.start).toBeGreaterThanOrEqual(last)
          expect(lexer.end).toBeLessThanOrEqual(buffer.length)
          last = lexer.end
        }
        readStatements(buffer, 0, buffer.length, standard)
      }),
      { numRuns: 5_000 },
    )
  })
})
