/**
 * The form of a password that SCRAM hashes (RFC 4013), as PostgreSQL makes it (`pg_saslprep` in `src/common/saslprep.c`):
 * ASCII as it is; where RFC 4013 forbids a character or the direction of letters is mixed, the password as it is.
 *
 * Not as PostgreSQL does it: characters younger than Unicode 3.2 are not told apart; it matters for the few that NFKC changes.
 */
export function saslprep(password: string): string {
  const points = codePoints(password)
  if (points.every((point) => point < 0x80)) return password
  const mapped = points.filter((point) => !within(mappedToNothing, point)).map((point) => (within(spaces, point) ? 0x20 : point))
  const prepared = String.fromCodePoint(...mapped).normalize('NFKC')
  const result = codePoints(prepared)
  const refused = result.length === 0 || result.some((point) => within(prohibited, point)) || mixesDirections(result)
  return refused ? password : prepared
}

/** First and last code point of each range. */
type Ranges = readonly (readonly [number, number])[]

/** RFC 3454 table C.1.2. */
const spaces: Ranges = [
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200b],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]

/** RFC 3454 table B.1. */
const mappedToNothing: Ranges = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x1806, 0x1806],
  [0x180b, 0x180d],
  [0x200c, 0x200d],
  [0x2060, 0x2060],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
]

/** RFC 3454 tables C.1.2 and C.2.1 to C.9: spaces, controls, private use, non-characters, surrogates, what changes a display, tags. */
const prohibited: Ranges = [
  ...spaces,
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x340, 0x341],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x180e, 0x180e],
  [0x200c, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2063],
  [0x206a, 0x206f],
  [0x2ff0, 0x2ffb],
  [0xd800, 0xf8ff],
  [0xfdd0, 0xfdef],
  [0xfeff, 0xfeff],
  [0xfff9, 0xffff],
  [0x1d173, 0x1d17a],
  ...Array.from({ length: 14 }, (_, plane): readonly [number, number] => [(plane + 1) * 0x10000 + 0xfffe, (plane + 1) * 0x10000 + 0xffff]),
  [0xe0001, 0xe0001],
  [0xe0020, 0xe007f],
  [0xf0000, 0x10ffff],
]

function within(ranges: Ranges, point: number): boolean {
  return ranges.some(([first, last]) => point >= first && point <= last)
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
}

/** RFC 3454 section 6: with one right-to-left letter, no left-to-right one, and both ends right-to-left. */
function mixesDirections(points: readonly number[]): boolean {
  const rightToLeft = (point: number) =>
    /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u.test(String.fromCodePoint(point))
  if (!points.some(rightToLeft)) return false
  const ends = rightToLeft(points[0]!) && rightToLeft(points.at(-1)!)
  return !ends || points.some((point) => /\p{L}/u.test(String.fromCodePoint(point)) && !rightToLeft(point))
}
