import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { bearerAuth } from 'hono/bearer-auth'
import { secureHeaders } from 'hono/secure-headers'
import type { StabilityReport } from '../health/health-monitoring-engine.ts'
import { toJson } from '../snake-case.ts'

export interface AdminSources {
  report(): StabilityReport
  /** Whether requests are taken: a worker is ready and nothing is stopping. A database that is away doesn't count: its queries wait. */
  isReady(): boolean
  /** What else `/status` tells: processes, front door, gateway. */
  details(): Readonly<Record<string, unknown>>
}

/**
 * `/healthz` (bezel lives), `/readyz` (requests are taken), `/status` (everything). `token`: asked for at `/status`, null: not.
 * Probes need none: an orchestrator's can't carry it, and they tell a single word.
 */
export function createAdminApp(sources: AdminSources, token: string | null): Hono {
  const app = new Hono()
  app.use(secureHeaders())
  app.use(async (context, next) => {
    await next()
    context.header('Cache-Control', 'no-store')
  })
  app.get('/healthz', (context) => context.text('ok\n'))
  app.get('/readyz', (context) => (sources.isReady() ? context.text('ready\n') : context.text('not ready\n', 503)))
  if (token !== null) app.use('/status', bearerAuth({ token }))
  app.get('/status', (context) => context.json(toJson({ ...sources.report(), ...sources.details() })))
  app.notFound((context) => context.text('there are /healthz, /readyz and /status\n', 404))
  app.onError((error, context) => (error instanceof HTTPException ? error.getResponse() : context.text('internal error\n', 500)))
  return app
}
