import { once } from 'node:events'
import { createServer } from 'node:net'
import { takeTour } from '../tour/take-tour.ts'
import { readOptions, usage, type DemoOptions } from './options.ts'
import { startOwnDatabase } from './own-database.ts'
import { runBezel } from './run-bezel.ts'
import { sayWhatToTry } from './say-what-to-try.ts'

async function main(): Promise<number> {
  let options: DemoOptions
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`bin/demo: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    return 64
  }
  if (options.help) {
    process.stdout.write(usage)
    return 0
  }
  return options.tour ? takeTour({ json: options.json }) : runDemo(options)
}

async function runDemo({ host, port }: DemoOptions): Promise<number> {
  const taken = await whyTaken(host, port)
  if (taken !== null) {
    console.error(`bin/demo: can't listen on ${host} port ${port}: ${taken}\n  try: bin/demo --port ${port === 65_535 ? 3000 : port + 1}`)
    return 71
  }
  const database = await startOwnDatabase()
  const ended = new AbortController()
  try {
    const shownHost = host === '0.0.0.0' || host === '::' ? 'localhost' : host
    void sayWhatToTry(`http://${shownHost}:${port}`, ended.signal)
    return await runBezel(['--host', host, '--port', String(port)], database.url)
  } finally {
    ended.abort()
    await database.stop()
  }
}

/** Tried before a database is made for it. */
async function whyTaken(host: string, port: number): Promise<string | null> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    server.close()
  }
}

process.exitCode = await main()
