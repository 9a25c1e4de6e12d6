/** What was typed behind `bezel doctor`. */
export interface DoctorFlags {
  readonly root?: string
  readonly ruby?: string
  readonly format: 'text' | 'json' | 'github'
  readonly probe: boolean
  readonly fix?: boolean
  readonly yes?: boolean
}
