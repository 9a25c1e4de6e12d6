import { parseArgs } from 'node:util'

export interface DemoOptions {
  readonly help: boolean
  readonly tour: boolean
  readonly json: boolean
  readonly host: string
  readonly port: number
}

export const usage = `bin/demo [--port N] [--host ADDRESS]     the example app under bezel, until Ctrl-C
bin/demo --tour [--json]                 the same on free ports, shown around: crashes, a database restart, and what they cost

The app is examples/iodine-pg, on a PostgreSQL of its own that is gone afterwards. Default: 127.0.0.1, port 3000.
`

/** Throws an `Error` that says what is wrong with the words. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      tour: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '3000' },
    },
  })
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port < 1 || port > 65_535)
    throw new Error(`--port takes a number from 1 to 65535, not '${values.port}'`)
  return { ...values, port }
}
