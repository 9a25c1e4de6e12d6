/** What was typed behind `bezel doctor`. */
export interface DoctorFlags {
  readonly root?: string
  readonly ruby?: string
  readonly format: 'text' | 'json' | 'github'
  /** `--json`: the same as `--format json`. */
  readonly json?: boolean
  readonly probe: boolean
  readonly fix?: boolean
  readonly yes?: boolean
}
