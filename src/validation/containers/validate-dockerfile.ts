import { posix } from 'node:path'
import { readDockerfile } from '../../formats/dockerfile/read-dockerfile.ts'
import type { FileTree } from '../files/file-tree.ts'
import { findingRules } from '../findings.ts'
import type { Observation } from '../observation.ts'
import type { Finding, ValidationReport } from '../validation-report.ts'
import { lintDockerfile } from './lint-dockerfile.ts'

/** Judges a Dockerfile by its text alone; null when there is none at the path. */
export function validateDockerfile(tree: FileTree, path: string): ValidationReport | null {
  const text = tree.text(path)
  if (text === null) return null
  const file = readDockerfile(text)
  const context = posix.dirname(path)
  // BuildKit takes the file of the Dockerfile's own name before the common one (docs.docker.com, "Build context").
  const ignoreFile =
    [`${posix.basename(path)}.dockerignore`].find((name) => tree.kind(posix.join(context, name)) !== null) ?? '.dockerignore'
  const ignored = (tree.text(posix.join(context, ignoreFile)) ?? '')
    .split('\n')
    .map((line) => line.trim().replace(/^\.?\/|\/\*{0,2}$/g, ''))
  const observations: Observation[] =
    file.tag === 'Malformed'
      ? [
          {
            code: 'DOCKERFILE_UNREADABLE',
            gem: null,
            evidence: [{ what: `line ${file.line}: ${file.why}`, where: path }],
            explanation: `${path} can not be read: ${file.why}.`,
            mend: { tag: 'Say', lines: [] },
          },
        ]
      : lintDockerfile(file, path, {
          hasHostBundle: tree.kind(posix.join(context, 'vendor/bundle')) !== null,
          ignoreFile,
          ignoresHostBundle: ignored.some((line) => line === 'vendor/bundle' || line === 'vendor' || line === '**/vendor/bundle'),
        })
  const findings = observations.map((observation): Finding => {
    const { mend, ...seen } = observation
    return { ...seen, severity: findingRules[observation.code].severity, remedy: mend.tag === 'Say' ? mend.lines : [] }
  })
  const tellsNothing = findings.some(({ code }) => code === 'DOCKERFILE_TELLS_NOTHING')
  const verdict = findings.some(({ severity }) => severity === 'error') ? 'incompatible' : tellsNothing ? 'unknown' : 'compatible'
  return { verdict, findings, gems: [], ruby: null, scope: 'lock', extensions: 0, tookMs: 0 }
}
