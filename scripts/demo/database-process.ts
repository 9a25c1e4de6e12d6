// A process of its own, so that Ctrl-C in the terminal does not stop PostgreSQL before bezel. Ends when its parent lets go of it.
import { mkdtemp, rm } from 'node:fs/promises'
import { prepareCluster, type Cluster } from '../postgres.ts'

const password = 'corundum'

async function start(folder: string): Promise<Cluster> {
  const cluster = await prepareCluster({
    folder,
    version: null,
    port: null,
    superuser: 'ruby',
    password,
    auth: 'scram-sha-256',
    hba: null,
    configuration: {},
    say: (line) => console.error(`  ${line}`),
  })
  await cluster.start()
  return cluster
}

const folder = await mkdtemp('/tmp/bz-demo-')
const started = start(folder)

async function end(): Promise<void> {
  try {
    await (await started).stop('fast')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

process.once('disconnect', () => void end())

const { port } = await started
process.send?.({ url: `postgresql://ruby:${password}@127.0.0.1:${port}/postgres` })
