/** A piece of evidence that names the Ruby a compiled file was built for. */
export interface Claim {
  /** `3.1`. */
  readonly minor: string
  /**
   * `file`: from inside the compiled file. `publisher`: the folder of a precompiled gem, which its maker filled.
   * `place`: the folder of an install on this machine, which anything may have overwritten since.
   */
  readonly by: 'file' | 'publisher' | 'place'
  readonly what: string
  readonly where: string
}
