/** How a run has done lately. */
export interface Conduct {
  /** Failures since the last good answer. */
  readonly failures: number
  /** Ejections since the last good answer. */
  readonly ejections: number
  readonly ejectedUntilMs: number
}

export interface EjectionPolicy {
  readonly failuresToEject: number
  readonly ejectBaseMs: number
  readonly ejectCapMs: number
}

export const goodConduct: Conduct = { failures: 0, ejections: 0, ejectedUntilMs: 0 }

/**
 * The conduct after one more failure. `othersOpen` counts the other runs that take requests: a worker that fails at once looks
 * least busy and would draw everything to it, but when all fail alike it is the application, and the last one is never ejected.
 */
export function afterFailure(conduct: Conduct, othersOpen: number, nowMs: number, policy: EjectionPolicy): Conduct {
  const failures = conduct.failures + 1
  if (failures < policy.failuresToEject || othersOpen < 1 || conduct.ejectedUntilMs > nowMs) return { ...conduct, failures }
  const forMs = Math.min(policy.ejectCapMs, policy.ejectBaseMs * 2 ** conduct.ejections)
  // One failure after it returns ejects it again, for longer.
  return { failures: policy.failuresToEject - 1, ejections: conduct.ejections + 1, ejectedUntilMs: nowMs + forMs }
}
