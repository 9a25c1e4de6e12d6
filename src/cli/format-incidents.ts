import type { Incident } from '../recovery/incidents/incident.ts'

/** One line an incident, newest first. */
export function formatIncidents(incidents: readonly Incident[]): string {
  if (incidents.length === 0) return 'no incidents'
  return incidents
    .map(
      ({ id, worker, explanation, cause }) =>
        `${id}  worker ${worker}  ${explanation.summary}${cause === null ? '' : `  request ${cause}`}`,
    )
    .join('\n')
}

/** One incident on one screen: what, who, how sure and why, what to type; then what was in flight. */
export function formatIncident(incident: Incident): string {
  const { explanation, requests } = incident
  const blame = explanation.culprit
  const who =
    blame === null
      ? 'nobody is named'
      : [blame.gem ?? blame.library ?? 'unknown', blame.version, blame.file].filter((part) => part !== null).join(' ')
  const ended = incident.exit.signal ?? `exit code ${incident.exit.code}`
  return [
    explanation.summary,
    '',
    `worker    ${incident.worker}, run ${incident.run}, pid ${incident.pid}: ${ended} (${incident.why}) at ${incident.at}, after ${Math.round(incident.uptimeMs / 1_000)} s`,
    `blamed    ${who} (${explanation.confidence})`,
    ...section('because', explanation.evidence),
    ...section(
      'or',
      explanation.alternatives.map(({ who, why }) => `${who}: ${why}`),
    ),
    ...section('try', explanation.remedy),
    ...(explanation.link === null ? [] : [`see       ${explanation.link}`]),
    ...section(
      'in flight',
      requests?.map(
        ({ id, method, path, ageMs, settlement }) =>
          `${method} ${path} (${id}, ${Math.round(ageMs)} ms): ${settlement}${id === incident.cause ? ', alone: the cause' : ''}`,
      ) ?? [],
    ),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? title : '').padEnd(10)}${line}`)
}
