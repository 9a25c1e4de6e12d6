import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, describe, expect, test } from 'vitest'
import { readStatements } from './read-statements.ts'
import type { Statement, TaintKind } from './statement.ts'

beforeAll(loadModule)

function read(sql: string): readonly Statement[] {
  const bytes = Buffer.from(sql)
  return readStatements(bytes, 0, bytes.length, true)
}

/** A statement that PostgreSQL's own parser takes. */
function only(sql: string): Statement {
  parseSync(sql)
  const statements = read(sql)
  expect(statements).toHaveLength(1)
  return statements[0]!
}

describe('a session can move after', () => {
  describe('a query', () => {
    test.each([
      // ActiveRecord.
      'SELECT "users".* FROM "users" WHERE "users"."deleted_at" IS NULL AND ("users"."a" = $1 OR "users"."b" IN ($2, $3)) ORDER BY "users"."id" ASC LIMIT $4 FOR UPDATE SKIP LOCKED',
      'SELECT 1 AS one FROM "users" WHERE LOWER("users"."email") = LOWER($1) LIMIT $2',
      'SELECT COUNT(DISTINCT "posts"."id") FROM "posts" LEFT OUTER JOIN "comments" ON "comments"."post_id" = "posts"."id" WHERE (posts.score > 3) HAVING (COUNT(*) > 1)',
      'SELECT DISTINCT ON ("a") "a", max(b) OVER (PARTITION BY c) FROM t ORDER BY "a", b',
      'SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = \'"users"\'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum',
      "SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') AS comment, ARRAY(SELECT pg_get_indexdef(d.indexrelid, k + 1, true) FROM generate_subscripts(d.indkey, 1) AS k ORDER BY k) AS columns FROM pg_class t INNER JOIN pg_index d ON t.oid = d.indrelid INNER JOIN pg_class i ON d.indexrelid = i.oid WHERE i.relkind IN ('i', 'I') AND t.relname = 'users' ORDER BY i.relname",
      "SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r','v','m','p','f')",
      "SELECT CASE WHEN current_setting('server_version_num')::int >= 120000 THEN 1 ELSE 2 END, pg_get_serial_sequence('a', 'id'), to_regclass('x')",
      'SELECT t2.oid::regclass::text AS to_table, a1.attname, c.confupdtype, ( SELECT array_agg(a.attname ORDER BY idx) FROM ( SELECT idx, c.conkey[idx] AS conkey_elem FROM generate_subscripts(c.conkey, 1) AS idx ) indexed_conkeys JOIN pg_attribute a ON a.attrelid = t1.oid AND a.attnum = indexed_conkeys.conkey_elem ) AS conkey_names FROM pg_constraint c JOIN pg_class t1 ON c.conrelid = t1.oid JOIN pg_class t2 ON c.confrelid = t2.oid JOIN pg_attribute a1 ON true',
      'SELECT pg_advisory_xact_lock(1)',
      "SELECT pg_advisory_unlock(1)",
      "SELECT setval('\"users_id_seq\"', (SELECT MAX(\"id\") FROM \"users\"), true)",
      // Common table expressions.
      'WITH a (x) AS (SELECT 1), b (x, y) AS (SELECT 1, 2), "c" ("z") AS MATERIALIZED (VALUES (1)) SELECT * FROM a, b, c',
      'WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100), u(m) AS NOT MATERIALIZED (SELECT n FROM t) SELECT sum(m) FROM u',
      'SELECT * FROM (WITH a (x) AS (SELECT 1), b (y) AS (SELECT 2) SELECT * FROM a, b) s WHERE EXISTS (WITH c AS (SELECT 1), d (z) AS (SELECT 2) SELECT 1 FROM d)',
      // Windows, lists of values, aliases with columns.
      "SELECT row_number() OVER w, lag(x, 1) OVER (ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), percentile_cont(0.5) WITHIN GROUP (ORDER BY x), count(*) FILTER (WHERE x > 1), sum(x) OVER v FROM t WINDOW w AS (PARTITION BY a), v AS (w ORDER BY b)",
      'SELECT * FROM (VALUES (1, 2), (3, 4)) v (a, b) JOIN (SELECT 1) AS w(c) USING (a) CROSS JOIN LATERAL unnest(ARRAY[1]) WITH ORDINALITY u (e, n)',
      'SELECT * FROM "users" u (a, b), posts AS "p" ("x") WHERE (u.a, p.x) NOT IN ((1, 2), (3, 4)) AND u.b BETWEEN (1) AND (2)',
      'SELECT r.* FROM generate_series(1, 3) g (n), json_to_recordset($1) AS r (a int, b numeric(10, 2))',
      "SELECT EXTRACT(EPOCH FROM now()), CAST(x AS decimal(10, 2)), substring(a FROM 1 FOR 2), trim(BOTH ' ' FROM x), position('a' IN b), x::timestamp(3) with time zone, interval(3) '1 day', ROW(1, 2), GROUPING(a), a AT TIME ZONE 'UTC' FROM t GROUP BY CUBE (a, b), ROLLUP (a), GROUPING SETS ((a), ())",
      "SELECT to_tsvector('english', a) @@ plainto_tsquery($1), x->>'a', jsonb_build_object('k', 1), string_agg(DISTINCT a, ',' ORDER BY a) FROM t TABLESAMPLE system (10)",
      // Sequel.
      'SELECT * FROM "items" WHERE ("id" = 1) LIMIT 1', 'SELECT count(*) AS "count" FROM "items" LIMIT 1',
      "SELECT pg_attribute.attname AS pk FROM pg_class, pg_attribute, pg_index, pg_namespace WHERE pg_class.oid = pg_attribute.attrelid AND pg_index.indkey[0] = pg_attribute.attnum AND pg_class.oid = CAST(CAST('\"items\"' AS regclass) AS oid)",
      'SELECT "a"."x" FROM "a" INNER JOIN "b" ON (("b"."id" = "a"."b_id") AND ("b"."y" IN (1, 2))) WHERE (NOT ("a"."z" IS TRUE))',
      'EXPLAIN (ANALYZE, BUFFERS) SELECT 1', 'SHOW max_identifier_length', 'VALUES (1), (2)', 'TABLE users', '(SELECT 1) UNION (SELECT 2) ORDER BY (1)',
    ])('%s', (sql) => expect(only(sql).taint).toBeNull()) // prettier-ignore
  })

  describe('a write', () => {
    test.each([
      'INSERT INTO "users" ("email", "created_at") VALUES ($1, $2), ($3, $4) ON CONFLICT ("email") WHERE (deleted_at IS NULL) DO UPDATE SET "email" = excluded."email", updated_at = (CASE WHEN (users.a IS NOT DISTINCT FROM excluded.a) THEN users.updated_at ELSE CURRENT_TIMESTAMP END) RETURNING "id"',
      'INSERT INTO t (a) VALUES (DEFAULT) ON CONFLICT ON CONSTRAINT c DO NOTHING',
      'INSERT INTO t (a) WITH x (n) AS (SELECT 1), y (n) AS (SELECT 2) SELECT n FROM y',
      'INSERT INTO public."t" AS q (a, b) OVERRIDING SYSTEM VALUE SELECT lower(x), count(*) FROM y GROUP BY x ON CONFLICT (lower(a)) DO NOTHING',
      'UPDATE "t" SET "n" = COALESCE("t"."n", 0) + 1, (a, b) = (1, 2) FROM (VALUES (1, 2), (3, 4)) AS v (id, a) WHERE "t"."id" = v.id',
      'UPDATE ONLY t SET a = v.a FROM (VALUES (1, 2)) v (id, a) WHERE t.id = v.id RETURNING (t.id)',
      'DELETE FROM a USING b WHERE (a.id = b.a_id) AND EXISTS (SELECT 1 FROM c WHERE c.x = ANY (ARRAY[1, 2]))',
      'MERGE INTO t USING (VALUES (1)) AS s (id) ON (t.id = s.id) WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)',
      'COPY t (a, b) FROM STDIN WITH (FORMAT csv, HEADER true)', 'COPY (SELECT * FROM t WHERE (a) IS NULL) TO STDOUT', 'COPY public.t ("a") TO STDOUT',
      'TRUNCATE TABLE "a", "b" RESTART IDENTITY CASCADE', 'ANALYZE t (a, b)', 'VACUUM (ANALYZE) t (a)', "NOTIFY x, 'y'", 'REFRESH MATERIALIZED VIEW CONCURRENTLY mv',
    ])('%s', (sql) => expect(only(sql)).toMatchObject({ writes: true, taint: null })) // prettier-ignore
  })

  describe('a migration', () => {
    test.each([
      'CREATE TABLE "users" ("id" bigserial primary key, "email" character varying(255) DEFAULT \'\' NOT NULL, "amount" numeric(10,2), "tags" varchar(20)[] DEFAULT \'{}\', "embedding" vector(1536), "created_at" timestamp(6) NOT NULL, "token" uuid DEFAULT gen_random_uuid() NOT NULL, CONSTRAINT c CHECK (char_length(email) > 3), UNIQUE ("email"), FOREIGN KEY ("a") REFERENCES "t" ("id") ON DELETE CASCADE)',
      'CREATE TABLE IF NOT EXISTS public.t (id int GENERATED ALWAYS AS IDENTITY (START 10), b int GENERATED ALWAYS AS (id * 2) STORED, EXCLUDE USING gist (r WITH &&), PRIMARY KEY (id)) WITH (fillfactor = 70)',
      'CREATE TABLE m (id bigint, created_at date) PARTITION BY RANGE (created_at)', 'CREATE TABLE m (id bigint) PARTITION BY HASH (id)', 'CREATE TABLE m (k text) PARTITION BY LIST (k)',
      "CREATE TABLE p PARTITION OF m FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')", 'CREATE TABLE p PARTITION OF m FOR VALUES WITH (MODULUS 4, REMAINDER 0)', 'CREATE TABLE c (a int) INHERITS (p)',
      'CREATE UNIQUE INDEX "index_users_on_email" ON "users" ("email")', 'CREATE INDEX ON t (col)', 'CREATE INDEX i ON ONLY public.t (a, b DESC NULLS LAST)',
      'CREATE INDEX CONCURRENTLY "i" ON "users" USING btree (lower("email"), "a" DESC) INCLUDE (b) WITH (fillfactor = 70) WHERE (deleted_at IS NULL)',
      'CREATE INDEX IF NOT EXISTS i ON public."users" USING gin (tags gin_trgm_ops, (data->\'a\'))', 'CREATE INDEX i ON t USING hnsw (embedding vector_l2_ops) WITH (m = 16, ef_construction = 64)',
      'ALTER TABLE "posts" ADD CONSTRAINT "fk_rails_1" FOREIGN KEY ("user_id") REFERENCES "users" ("id") DEFERRABLE INITIALLY DEFERRED', 'ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b)', 'ALTER TABLE t ADD CONSTRAINT e EXCLUDE USING gist (a WITH =, r WITH &&) WHERE (a > 0)',
      'ALTER TABLE "users" ADD "x" numeric(10, 2) DEFAULT 0 NOT NULL', 'ALTER TABLE "users" ADD COLUMN "e" vector(3)', 'ALTER TABLE "users" ALTER COLUMN "x" TYPE character varying(30) USING "x"::character varying(30)', 'ALTER TABLE "a" RENAME COLUMN "b" TO "c"',
      "CREATE TYPE \"mood\" AS ENUM ('sad', 'ok')", 'CREATE TYPE pair AS (a int, b numeric(3, 1))', "ALTER TYPE mood ADD VALUE 'good'", 'CREATE EXTENSION IF NOT EXISTS "plpgsql"',
      'CREATE VIEW v (a, b) AS SELECT 1, lower(x) FROM t', 'CREATE OR REPLACE VIEW v AS SELECT count(*) FROM t', 'CREATE MATERIALIZED VIEW IF NOT EXISTS mv (a) AS SELECT 1 WITH NO DATA', 'CREATE SEQUENCE s START 1', 'DROP INDEX CONCURRENTLY IF EXISTS "i"',
      'CREATE TRIGGER tr BEFORE INSERT OR UPDATE OF a ON t FOR EACH ROW WHEN (new.a IS DISTINCT FROM old.a) EXECUTE FUNCTION own()', 'CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$ SELECT own(a); SELECT 1 $$', 'DROP FUNCTION IF EXISTS f(int, text)', 'ALTER FUNCTION f(int) OWNER TO x',
      'COMMENT ON COLUMN "t"."a" IS \'f(x)\'', 'COMMENT ON FUNCTION f(int) IS NULL', 'GRANT SELECT (a, b), UPDATE (c) ON t TO x', 'GRANT EXECUTE ON FUNCTION f(int) TO x', "CREATE POLICY p ON t USING (tenant = current_setting('app.tenant'))",
    ])('%s', (sql) => expect(only(sql)).toMatchObject({ writes: true, taint: null })) // prettier-ignore
  })

  test('a schema load, whatever order its statements are in', () => {
    const dump = `SET statement_timeout = 0; SELECT pg_catalog.set_config('search_path', '', false);
      CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $_$ BEGIN PERFORM own(); RETURN NEW; END $_$;
      CREATE TABLE public.t (id bigint NOT NULL, name character varying(10)); CREATE INDEX i ON public.t USING btree (name);
      INSERT INTO "schema_migrations" (version) VALUES ('20240101'), ('20240102')`
    expect(read(dump).map(({ taint, effect }) => [taint, effect.tag])).toEqual([
      [null, 'Set'],
      [null, 'Set'],
      [null, 'Nothing'],
      [null, 'Nothing'],
      [null, 'Nothing'],
      [null, 'Nothing'],
    ])
  })
})

describe('what a session carries is tracked', () => {
  test.each([
    ["SET client_min_messages TO 'warning'", 'Set'],
    ["SET SESSION timezone TO 'UTC'", 'Set'],
    ["SET TIME ZONE 'UTC'", 'Set'],
    ['SET LOCAL lock_timeout = 5000', 'Nothing'],
    ['RESET statement_timeout', 'Reset'],
    ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'Begin'],
    ['SAVEPOINT active_record_1', 'Savepoint'],
    ['RELEASE SAVEPOINT active_record_1', 'Release'],
    ['ROLLBACK TO SAVEPOINT active_record_1', 'RollbackTo'],
    ['COMMIT', 'Commit'],
    ['PREPARE q (int) AS SELECT $1', 'Prepare'],
    ['EXECUTE q (1)', 'Execute'],
    ['DEALLOCATE "a1"', 'Deallocate'],
    ['DEALLOCATE ALL', 'Deallocate'],
    ['DISCARD ALL', 'DiscardAll'],
    ['SELECT pg_advisory_unlock_all()', 'Forget'],
  ])('%s: %s', (sql, tag) => expect(only(sql)).toMatchObject({ taint: null, effect: { tag } }))
})

describe('a session is tied by', () => {
  test.each<[string, TaintKind]>([
    ['SELECT pg_try_advisory_lock(2053462845)', 'lock'],
    ['SELECT own(1)', 'other'],
    ['SELECT * FROM a JOIN b ON own(b.x)', 'other'],
    ['SELECT DISTINCT ON (a) own(b) FROM t', 'other'],
    ['SELECT f.* FROM lower(x) WITH ORDINALITY, own(y) f', 'other'],
    ['WITH a AS (SELECT 1), b AS (SELECT 2) SELECT 1, own(2)', 'other'],
    ['WITH a (x) AS (SELECT 1, own(2)) SELECT 1', 'other'],
    ['SELECT x::timestamp WITH TIME ZONE, own(x) FROM t', 'other'],
    ['SELECT 1 FROM (VALUES (1)) v (a), own(2)', 'other'],
    ['SELECT 1 FROM ROWS FROM (own(1)) AS t (a)', 'other'],
    ['SELECT row_number() OVER (PARTITION BY hash(x)) FROM t', 'other'],
    ['CREATE TABLE t AS SELECT own(1), row_number() OVER (PARTITION BY list(x)) FROM u', 'other'],
    ['CREATE INDEX i ON t (own(x))', 'other'],
    ['CREATE INDEX i ON t ((own(x)))', 'other'],
    ['CREATE INDEX i ON t (a) WHERE own(a)', 'other'],
    ['ALTER TABLE t ALTER COLUMN x TYPE int USING own(x)', 'other'],
    ['DELETE FROM a USING gist(1) WHERE true', 'other'],
    ['ALTER TABLE t ADD EXCLUDE USING gist (a WITH OPERATOR(pg_catalog.=), own(b) WITH =)', 'other'],
    ['SELECT a IS JSON WITH UNIQUE AS b, own(c)', 'other'],
    ['SELECT (1) OPERATOR(pg_catalog.+) own(2)', 'other'],
    ['WITH a AS (SELECT 1) (SELECT 1 AS x) ORDER BY x, own(2)', 'other'],
    ['WITH a AS (SELECT 1), b (x) AS (SELECT 1 FROM u, own(1)) SELECT 1', 'other'],
    ['SELECT 1 UNION (WITH a AS (SELECT 1) SELECT 2) ORDER BY 1, own(2)', 'other'],
    ['SELECT * FROM t, LATERAL own(1) WITH ORDINALITY AS w (a, n), own(2)', 'other'],
    ['INSERT INTO t (a) VALUES (own(1))', 'other'],
    ['LISTEN x', 'listen'],
    ['CREATE TEMP TABLE x (a int)', 'temporary'],
    ['DECLARE c CURSOR WITH HOLD FOR SELECT 1', 'cursor'],
    ['DO $$ BEGIN PERFORM 1; END $$', 'other'],
    ['CALL own(1)', 'other'],
  ])('%s (%s)', (sql, kind) => expect(only(sql).taint?.kind).toBe(kind))
})
