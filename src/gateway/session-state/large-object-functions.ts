/** Object ids of PostgreSQL's large object functions (`src/include/catalog/pg_proc.dat`), which libpq calls by FunctionCall. */
export const largeObjectFunctions: ReadonlySet<number> = new Set([
  715, // lo_create
  764, // lo_import
  765, // lo_export
  767, // lo_import with an id
  952, // lo_open
  953, // lo_close
  954, // loread
  955, // lowrite
  956, // lo_lseek
  957, // lo_creat
  958, // lo_tell
  964, // lo_unlink
  1004, // lo_truncate
  3170, // lo_lseek64
  3171, // lo_tell64
  3172, // lo_truncate64
])
