import type { CrashReport } from '../../formats/crash-report/crash-report.ts'
import { nobody } from './blame.ts'
import type { Culprit } from './explanation.ts'
import { baseName } from './gem-path.ts'
import { versionInReport, type RubySite } from './ruby-site.ts'

interface Found {
  readonly gem: string | null
  readonly version: string | null
  readonly path: string | null
  readonly symbol: string | null
}

/** Completes what was found by what the rest of the report knows: the gem's version, the Ruby line that called. */
export function toCulprit(report: CrashReport, ruby: RubySite, found: Found): Culprit {
  const version = found.version ?? (found.gem === null ? null : versionInReport(found.gem, report))
  const library = found.path === null ? null : baseName(found.path)
  const file = found.path?.includes('/') === true ? found.path : null
  return { ...nobody, gem: found.gem, version, library, file, function: found.symbol, rubyLine: ruby.line }
}
