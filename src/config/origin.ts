/** Where a value came from. */
export type Origin =
  | { readonly tag: 'Flag'; readonly flag: string }
  | { readonly tag: 'Variable'; readonly variable: string }
  /** `place` is `bezel.yml:3:10`. */
  | { readonly tag: 'File'; readonly place: string }
  /** `from` says by what: `Gemfile.lock names puma 6.4.2`. */
  | { readonly tag: 'Detected'; readonly from: string }
  | { readonly tag: 'Default' }

export function showOrigin(origin: Origin): string {
  switch (origin.tag) {
    case 'Flag':
      return origin.flag
    case 'Variable':
      return origin.variable
    case 'File':
      return origin.place
    case 'Detected':
      return `detected: ${origin.from}`
    case 'Default':
      return 'default'
  }
}
