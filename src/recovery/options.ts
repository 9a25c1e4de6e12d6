export interface RecoverySettings {
  /** Folder of the incidents, absolute; made with mode 0700 when missing. */
  readonly incidentsDir: string
  /** Folder that takes them while `incidentsDir` can't be written, absolute; null: there is none. */
  readonly spareIncidentsDir: string | null
  /** Incidents kept; the oldest go first. At least 1. */
  readonly keepIncidents: number
  /** Bytes of a run's stderr kept for its incident: the report's beginning and the end are what counts. */
  readonly maxReportBytes: number
  /** How long a suspected run is watched before it is asked whether it still answers, in milliseconds. */
  readonly suspicionMs: number
  /** After an exit, how long an incident waits for the front door to say what was in flight, in milliseconds. */
  readonly settleWithinMs: number
  /** Longest list read from /proc for a captured state, in entries. */
  readonly maxStateEntries: number
  /** How old the last look at a run's /proc may become, in milliseconds; each costs about 1 ms. */
  readonly lookEveryMs: number
}

export const recoveryDefaults: Omit<RecoverySettings, 'incidentsDir'> = {
  spareIncidentsDir: null,
  keepIncidents: 200,
  maxReportBytes: 1_048_576,
  suspicionMs: 1_000,
  settleWithinMs: 3_000,
  maxStateEntries: 2_000,
  lookEveryMs: 10_000,
}
