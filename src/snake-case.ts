type SnakeKey<Key extends string> = Key extends `${infer Head}${infer Tail}`
  ? `${Head extends Uppercase<Head> ? (Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`) : Head}${SnakeKey<Tail>}`
  : Key

/** The same value with the specification's own spelling of its keys: `processId` is `process_id`. */
export type SnakeCase<T> = T extends readonly (infer Item)[]
  ? readonly SnakeCase<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as Key extends string ? SnakeKey<Key> : never]: SnakeCase<T[Key]> }
    : T

/** Plain data (objects, arrays, primitives) as it stands in JSON on the wire. */
export function toJson<T>(value: T): SnakeCase<T> {
  return spell(value) as SnakeCase<T>
}

function spell(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(spell)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [toSnakeKey(key), spell(inner)]))
}

/** A key that is data (a header, a path) and not a name of ours is left as it is. */
function toSnakeKey(key: string): string {
  return /^[a-z][A-Za-z0-9]*$/.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key
}
