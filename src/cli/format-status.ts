import { styleText } from 'node:util'
import * as z from 'zod'
import { BezelError } from '../errors.ts'

/** What is shown of `/status`; the answer holds more. */
const shape = z.object({
  status: z.object({
    error_rate_acceptable: z.boolean(),
    diagnostic_messages: z.array(z.object({ about: z.string(), message: z.string(), remedy: z.array(z.string()) })),
  }),
  answers: z.object({ answered: z.number(), failed: z.number() }),
  degradation: z.object({ level: z.string() }),
  workers: z.array(
    z.object({
      worker_id: z.number(),
      process_id: z.number().nullable(),
      memory_usage_mb: z.number().nullable(),
      crash_count: z.number(),
      health_status: z.string(),
    }),
  ),
  pools: z.array(
    z.object({
      database: z.string(),
      server: z.string(),
      pool_size: z.number().nullable(),
      active_connections: z.number(),
      idle_connections: z.number(),
      waiting_clients: z.number(),
      circuit_breaker_state: z.string(),
    }),
  ),
})

/** The answer of `/status` for eyes: the verdict, workers, databases, what is wrong and what to type. */
export function formatStatus(answer: unknown, colour: boolean): string {
  const read = shape.safeParse(answer)
  if (!read.success)
    throw new BezelError('DATA_UNREADABLE', 'the running bezel is of another version: its answer is not understood', {
      remedy: ['bezel status --json'],
    })
  const { status, degradation, workers, pools, answers } = read.data
  const style = (format: 'green' | 'yellow' | 'bold', text: string) => (colour ? styleText(format, text, { validateStream: false }) : text)
  const headline = degradation.level === 'normal' && !status.error_rate_acceptable ? 'failing' : degradation.level
  const level = style(headline === 'normal' ? 'green' : 'yellow', headline)
  return [
    `${level}, ${describeAnswers(answers)} in the last minute`,
    ...workers.map(
      ({ worker_id, process_id, memory_usage_mb, crash_count, health_status }) =>
        `worker ${worker_id}  ${health_status}${process_id === null ? '' : `, pid ${process_id}`}${memory_usage_mb === null ? '' : `, ${Math.round(memory_usage_mb)} MB`}, ${crash_count} ${crash_count === 1 ? 'crash' : 'crashes'}`,
    ),
    ...pools.map(
      ({ database, server, pool_size, active_connections, idle_connections, waiting_clients, circuit_breaker_state }) =>
        `database ${database}  ${server}: breaker ${circuit_breaker_state}, ${active_connections} active and ${idle_connections} idle of ${pool_size ?? '?'}, ${waiting_clients} wait`,
    ),
    ...status.diagnostic_messages.flatMap(({ about, message, remedy }) => [
      `${style('bold', about)}: ${message}`,
      ...remedy.map((line) => `  try: ${line}`),
    ]),
  ].join('\n')
}

function describeAnswers({ answered, failed }: { readonly answered: number; readonly failed: number }): string {
  if (answered === 0) return 'no answer'
  return `${failed} of ${answered} answers failed${failed === 0 ? '' : ` (${((failed / answered) * 100).toFixed(1)} %)`}`
}
