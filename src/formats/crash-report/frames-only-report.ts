import type { CrashReport } from './crash-report.ts'
import type { Place } from './report-builder.ts'

type Told = Pick<CrashReport, 'header' | 'cFrames' | 'format'> & Partial<CrashReport>

/** A report of somebody else than Ruby: native frames, and nothing of what only Ruby can tell. */
export function framesOnlyReport(told: Told, at: Place): CrashReport {
  return {
    tag: 'CrashReport',
    description: null,
    controlFrames: [],
    rubyFrames: [],
    registers: {},
    loadedScript: null,
    features: [],
    mappedFiles: [],
    sections: told.cFrames.length > 0 ? ['c'] : [],
    remarks: [],
    complete: true,
    interleaved: false,
    ...told,
    ...at,
  }
}
