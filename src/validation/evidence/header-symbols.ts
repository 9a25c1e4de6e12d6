import type { Claim } from './claim.ts'

/** Functions that Ruby's own headers call from code that they put into every extension, and the minors whose headers do. */
const headerSymbols = [
  // RSTRING_PTR of include/ruby/internal/core/rstring.h; from 3.3 on only under RUBY_DEBUG, though the function is still offered.
  { symbol: 'rb_debug_rstring_null_ptr', first: '3.0', last: '3.2' },
] as const

/** Claims of symbols that this Ruby offers and that its own headers would not have put into the file. */
export function readHeaderSymbols(imports: readonly string[], runtimeMinor: string, where: string): Claim[] {
  return headerSymbols
    .filter(({ symbol, first, last }) => imports.includes(symbol) && (isBefore(runtimeMinor, first) || isBefore(last, runtimeMinor)))
    .map(({ symbol, first, last }) => ({
      minor: `${first} to ${last}`,
      by: 'file' as const,
      what: `uses ${symbol}, which only the headers of Ruby ${first} to ${last} call`,
      where,
    }))
}

function isBefore(one: string, other: string): boolean {
  const [left = 0, right = 0] = [one, other].map((minor) => minor.split('.').reduce((sum, part) => sum * 1_000 + Number(part), 0))
  return left < right
}
