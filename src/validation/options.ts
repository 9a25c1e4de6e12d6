/** Settings of VersionValidator: complete and plain, so that they can cross a process border. */
export interface ValidationSettings {
  /** The app's folder: absolute; with `root`, inside it (`/srv/app` is then `<root>/srv/app`). */
  readonly appPath: string
  /** An unpacked file system to look at instead of this machine; nothing in it is run, no link leads out of it. */
  readonly root: string | null
  /** The interpreter to judge; null: the first `ruby` that the app itself would find (version managers, then PATH). */
  readonly rubyPath: string | null
  /** The environment that the app will get: PATH, HOME, GEM_HOME, GEM_PATH, BUNDLE_*, LD_* are read. Ignored with `root`. */
  readonly env: Readonly<Record<string, string>>
  /** Whether to load every extension in sacrificial Ruby processes. Never done with `root`. */
  readonly probe: boolean
  /** How long one sacrificial process may take before it counts as hung, in milliseconds. */
  readonly probeTimeoutMs: number
  /** Address space of one sacrificial process, in MiB. */
  readonly probeMemoryMb: number
  /** Processor time of one sacrificial process, in seconds. */
  readonly probeCpuSeconds: number
  readonly ignore: readonly IgnoredFinding[]
}

/** Silences one finding for one gem until a day. */
export interface IgnoredFinding {
  readonly code: string
  /** The gem's name; null for a finding that names none. */
  readonly gem: string | null
  readonly reason: string
  /** Last day on which it holds, `YYYY-MM-DD`. */
  readonly until: string
}

export const validationDefaults: Omit<ValidationSettings, 'appPath' | 'env'> = {
  root: null,
  rubyPath: null,
  probe: true,
  probeTimeoutMs: 20_000,
  probeMemoryMb: 4_096,
  probeCpuSeconds: 15,
  ignore: [],
}
