import { ask } from '../ask.ts'
import { toTime } from '../narrator.ts'
import type { Stage } from './act.ts'

export interface FirstRequest {
  readonly what: string
  readonly path: string
  readonly wanted: number
  readonly status: number | null
  readonly tookMs: number
}

const requests = [
  { what: 'hello', path: '/', wanted: 200 },
  { what: 'a query', path: '/db', wanted: 200 },
  { what: 'a login, checked with bcrypt', path: '/login', wanted: 200 },
  { what: 'the same with a wrong password', path: '/login?password=quartz', wanted: 401 },
] as const

/** Shows that an ordinary application is served, database and native extensions included. */
export async function makeFirstRequests({ app, narrator }: Stage): Promise<readonly FirstRequest[]> {
  narrator.act('An ordinary app: Rack, Iodine, pg, bcrypt')
  const results: FirstRequest[] = []
  for (const request of requests) {
    const { status, body, tookMs } = await ask(app.origin + request.path)
    results.push({ ...request, status, tookMs })
    narrator.figure(request.what, `${status ?? 'no answer'}  ${body.slice(0, 70)}  (${toTime(tookMs)})`)
  }
  return results
}
