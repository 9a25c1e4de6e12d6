export type PropertyStatus = { readonly tag: 'Held' } | { readonly tag: 'Pending'; readonly why: string }

const held: PropertyStatus = { tag: 'Held' }

function pending(why: string): PropertyStatus {
  return { tag: 'Pending', why }
}

/** Where each property of the specification stands. `catalogue.test.ts` checks that what is held has its tests. */
export const statusOf: Readonly<Record<number, PropertyStatus>> = {
  1: held,
  2: held,
  3: held,
  4: held,
  5: held,
  6: held,
  7: held,
  8: held,
  9: held,
  10: held,
  11: held,
  12: held,
  13: held,
  14: held,
  15: held,
  16: held,
  17: held,
  18: held,
  19: held,
  20: held,
  21: held,
  22: pending('health takes no connection from the pool; the benchmark that shows it is not written'),
  23: held,
  24: held,
  25: held,
  26: held,
  27: held,
  28: held,
}

/** The README's status line. */
export function statusLine(): string {
  const states = Object.values(statusOf)
  const count = states.filter(({ tag }) => tag === 'Held').length
  const pending = states.length - count
  return `${count} of ${states.length} correctness properties are held by tests on models and on real processes; ${pending} ${pending === 1 ? 'is' : 'are'} pending.`
}
