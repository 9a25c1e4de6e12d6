import { atMost } from './blame.ts'
import type { AppGem, AppKnowledge, Judged } from './evidence.ts'
import type { Confidence } from './explanation.ts'

/**
 * What validation knows of the very file, or else the very gem: for which Ruby it was built, and what was found. A finding strengthens
 * the blame and brings its own remedy.
 */
export function joinApp(judged: Judged, app: AppKnowledge | null): { readonly blame: Judged; readonly remedy: readonly string[] } {
  const blame = app === null ? judged : nameAsker(judged, app)
  const gem = blame.culprit?.gem ?? null
  if (app === null || blame.culprit === null || gem === null) return { blame, remedy: [] }
  const installed = app.gems.find(({ name }) => name === gem) ?? null
  const version = blame.culprit.version ?? installed?.version ?? null
  const found = app.findings.filter(
    (finding) =>
      finding.gem === gem && (finding.file === null || blame.culprit?.file === null || sameFile(finding.file, blame.culprit?.file ?? '')),
  )
  const build = installed === null ? [] : [describeBuild(installed, version)]
  // Behind the frame or message itself, and before what only surrounds it.
  const [first, ...rest] = blame.evidence
  const told = [...build, ...found.map(({ code, text }) => `validation found ${code}: ${text}`)]
  const evidence = first === undefined ? told : [first, ...told, ...rest]
  const confidence: Confidence = found.length > 0 && blame.confidence === 'suspected' ? 'likely' : blame.confidence
  return {
    blame: { ...blame, confidence, evidence, culprit: { ...blame.culprit, version } },
    remedy: found.flatMap(({ remedy }) => remedy),
  }
}

/** What validation found where the file that Ruby asked for is not there at all. */
const missing: ReadonlySet<string> = new Set(['EXTENSION_ABSENT', 'EXTENSION_NOT_BUILT', 'PRECOMPILED_FOR_OTHERS', 'GEM_FOR_OTHER_RUBY'])

/** `cannot load such file -- swift_json_ext` names no gem; the one of that name whose compiled file is gone is it. */
function nameAsker(blame: Judged, { findings }: AppKnowledge): Judged {
  const { culprit, confidence } = blame
  if (culprit === null || culprit.gem !== null || culprit.file !== null || culprit.library === null) return blame
  const feature = plain(culprit.library)
  const [asked] = findings
    .filter(({ gem, code }) => missing.has(code) && (feature === plain(gem) || feature.startsWith(`${plain(gem)}-`)))
    .map(({ gem }) => gem)
    .sort((one, other) => other.length - one.length)
  return asked === undefined ? blame : { ...blame, culprit: { ...culprit, gem: asked }, confidence: atMost(confidence, 'likely') }
}

/** A gem and its features are spelled with hyphens, slashes or underscores. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[/_]/g, '-')
}

function describeBuild({ name, version, builtFor, runsOn, fits }: AppGem, crashed: string | null): string {
  if (version !== crashed) return `the app has ${name} ${version} now, another version than the one that crashed`
  return builtFor === null
    ? `nothing in the files of ${name} ${version} tells for which Ruby it was built; it runs on ${runsOn}`
    : `${name} ${version} was built for Ruby ${builtFor} and runs on ${runsOn}: ${fits}`
}

function sameFile(a: string, b: string): boolean {
  return a.split('/').slice(-2).join('/') === b.split('/').slice(-2).join('/')
}
