import { parseArgs } from 'node:util'
import { takeTour } from '../tour/take-tour.ts'
import { startOwnDatabase } from './own-database.ts'
import { runBezel } from './run-bezel.ts'
import { sayWhatToTry } from './say-what-to-try.ts'

const usage = `bin/demo [--port N] [--host ADDRESS]     the example app under bezel, until Ctrl-C
bin/demo --tour [--json]                 the same on free ports, shown around: crashes, a database restart, and what they cost

The app is examples/iodine-pg, on a PostgreSQL of its own that is gone afterwards. Default: 127.0.0.1, port 3000.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      tour: { type: 'boolean' },
      json: { type: 'boolean' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '3000' },
    },
  })
  if (values.help === true) {
    process.stdout.write(usage)
    return 0
  }
  return values.tour === true ? takeTour({ json: values.json ?? false }) : runDemo(values.host, values.port)
}

async function runDemo(host: string, port: string): Promise<number> {
  const database = await startOwnDatabase()
  const ended = new AbortController()
  try {
    const shownHost = host === '0.0.0.0' || host === '::' ? 'localhost' : host
    void sayWhatToTry(`http://${shownHost}:${port}`, ended.signal)
    return await runBezel(['--host', host, '--port', port], database.url)
  } finally {
    ended.abort()
    await database.stop()
  }
}

process.exitCode = await main()
