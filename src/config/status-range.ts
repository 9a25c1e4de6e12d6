/** HTTP statuses, inclusive. */
export interface StatusRange {
  readonly from: number
  readonly to: number
}

/** Reads `200` or `100-499`; null when it is neither, or runs backwards. */
export function readStatusRange(text: string): StatusRange | null {
  const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text.trim())
  if (match === null) return null
  const from = Number(match[1])
  const to = Number(match[2] ?? match[1])
  return from <= to ? { from, to } : null
}
