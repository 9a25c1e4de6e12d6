import { toCauseRequest, type Incident } from '../recovery/incidents/incident.ts'
import { formatExplanation, section } from './explain-format.ts'

/** One line an incident, newest first. */
export function formatIncidents(incidents: readonly Incident[]): string {
  if (incidents.length === 0) return 'no incidents'
  return incidents
    .map((incident) => {
      const { id, worker, explanation, cause } = incident
      const request = toCauseRequest(incident)
      return `${id}  worker ${worker}  ${request === null ? '' : `${request}  `}${explanation.summary}${cause === null ? '' : `  request ${cause}`}`
    })
    .join('\n')
}

/** One incident on one screen: what, who, how sure and why, what to type; then which run, and what was in flight. */
export function formatIncident(incident: Incident, colour: boolean): string {
  const { worker, run, pid, at, uptimeMs, exit, why, explanation, requests, cause } = incident
  const ended = exit === null ? 'it went on' : `${exit.signal ?? `exit code ${exit.code}`} (${why})`
  const process = pid === 0 ? '' : `, pid ${pid}`
  const inFlight = requests?.map(
    ({ id, method, path, ageMs, settlement }) =>
      `${method} ${path} (${id}, ${Math.round(ageMs)} ms): ${settlement}${id === cause ? ', alone: the cause' : ''}`,
  )
  return [
    formatExplanation(explanation, 1, colour),
    ...section('run', [`worker ${worker}, run ${run}${process}: ${ended} at ${at}, after ${Math.round(uptimeMs / 1_000)} s`]),
    ...section('state', stateLines(incident)),
    ...section('in flight', inFlight ?? []),
  ].join('\n')
}

/** What /proc said of it; all of it is in the JSON. */
function stateLines({ state, stateAgeMs }: Incident): string[] {
  if (state === null) return []
  const { VmRSS: rss, Threads: threads } = state.status
  const ageS = Math.round((stateAgeMs ?? 0) / 1_000)
  const when = ageS === 0 ? 'as it ended' : `${ageS} s before its end`
  const cut = state.truncated ? ' and more' : ''
  return [
    `${rss ?? '?'} resident, ${threads ?? '?'} threads, ${state.descriptors.length} open files, ${state.libraries.length} libraries${cut}, ${when}`,
  ]
}
