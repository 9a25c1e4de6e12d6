import type { AppKnowledge, Judged } from './evidence.ts'
import type { Confidence } from './explanation.ts'

/** What validation found about the very file, or else the very gem, strengthens the blame and brings its own remedy. */
export function joinApp(blame: Judged, app: AppKnowledge | null): { readonly blame: Judged; readonly remedy: readonly string[] } {
  const gem = blame.culprit?.gem ?? null
  if (app === null || blame.culprit === null || gem === null) return { blame, remedy: [] }
  const version = blame.culprit.version ?? app.gems.find(({ name }) => name === gem)?.version ?? null
  const found = app.findings.filter(
    (finding) =>
      finding.gem === gem && (finding.file === null || blame.culprit?.file === null || sameFile(finding.file, blame.culprit?.file ?? '')),
  )
  const evidence = [...blame.evidence, ...found.map(({ code, text }) => `validation found ${code}: ${text}`)]
  const confidence: Confidence = found.length > 0 && blame.confidence === 'suspected' ? 'likely' : blame.confidence
  return {
    blame: { ...blame, confidence, evidence, culprit: { ...blame.culprit, version } },
    remedy: found.flatMap(({ remedy }) => remedy),
  }
}

function sameFile(a: string, b: string): boolean {
  return a.split('/').slice(-2).join('/') === b.split('/').slice(-2).join('/')
}
