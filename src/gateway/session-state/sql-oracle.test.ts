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
    let called = 0
    fc.assert(
      fc.property(fc.oneof(text, spaced), (sql) => {
        const tree = parsed(sql)
        if (tree === null) return
        read(sql).forEach((statement, at) => {
          for (const name of calls(tree.stmts![at])) {
            called += 1
            if (!statelessFunctions.has(name.replace(/^pg_catalog\./, ''))) expect(statement.taint, sql).not.toBeNull()
          }
        })
      }),
      { numRuns: 20_000 },
    )
    expect(called).toBeGreaterThan(50)
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
