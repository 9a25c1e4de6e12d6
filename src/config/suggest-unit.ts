/** How people write a unit -> how bezel.yml writes it. */
export type UnitSpellings = Readonly<Record<string, string>>

export const timeSpellings: UnitSpellings = spellings({
  ms: 'msec msecs milli millis millisecond milliseconds',
  s: 'sec secs second seconds',
  m: 'min mins minute minutes',
  h: 'hr hrs hour hours',
  d: 'day days',
})

/** In each of them 1 K is 1,024 here. */
export const sizeSpellings: UnitSpellings = spellings({
  B: 'byte bytes',
  KB: 'k kib kilobyte kilobytes',
  MB: 'm mib megabyte megabytes',
  GB: 'g gib gigabyte gigabytes',
})

/**
 * What was probably meant by `30 s`, `30sec`, `512MiB` or a bare `30` (one spelling for each of `bare`), of those that are allowed; null: nothing.
 */
export function suggestUnit(
  raw: unknown,
  known: UnitSpellings,
  bare: readonly string[],
  isAllowed: (text: string) => boolean,
): string | null {
  const [, number, unit = ''] = /^\s*([\d_]{1,12}(?:\.\d{1,3})?)\s*([a-z]*)\.?\s*$/i.exec(String(raw)) ?? []
  if (number === undefined) return null
  const units = unit === '' ? bare : [known[unit.toLowerCase()]]
  const meant = units.flatMap((each) => (each === undefined ? [] : [`${number.replaceAll('_', '')}${each}`])).filter(isAllowed)
  return meant.length === 0 ? null : meant.join(' or ')
}

function spellings(words: Readonly<Record<string, string>>): UnitSpellings {
  return Object.fromEntries(
    Object.entries(words).flatMap(([unit, others]) => [unit.toLowerCase(), ...others.split(' ')].map((word) => [word, unit])),
  )
}
