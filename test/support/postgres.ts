import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Client, type QueryResult } from 'pg'
import { prepareCluster, type Cluster, type PostgresAuth } from '../../scripts/postgres.ts'
import { postgresAccount } from '../../scripts/postgres/account.ts'
import { makeCertificates, type Certificates } from './certificates.ts'

export interface PostgresOptions {
  /** A major version of Debian's packages (`findInstalledPostgres`); default: npm's 18. */
  readonly version?: number
  /** Default: off. `demand`: plain TCP is refused. `certificate`: also a client certificate is demanded. */
  readonly tls?: 'off' | 'offered' | 'demand' | 'certificate'
  /** Default: `scram-sha-256`. */
  readonly auth?: PostgresAuth
  readonly maxConnections?: number
  /** Further lines of postgresql.conf. */
  readonly configuration?: Readonly<Record<string, string>>
}

export interface TestPostgres extends AsyncDisposable {
  readonly port: number
  /** The folder of the Unix socket. */
  readonly socketDir: string
  /** An ordinary role that owns `database`. */
  readonly user: string
  readonly password: string
  readonly database: string
  /** Null while stopped. */
  readonly pid: number | null
  /** Null without TLS. */
  readonly certificates: Certificates | null
  stop(how: 'fast' | 'immediate'): Promise<void>
  start(): Promise<void>
  restart(how?: 'fast' | 'immediate'): Promise<void>
  /** As the superuser `postgres`, on a connection of its own to `database`. Several statements: the last one's result. */
  queryAsSuper(sql: string): Promise<Record<string, unknown>[]>
}

/** Short, and reachable for the account that PostgreSQL runs with. */
const prefix = '/tmp/bz-pg-'
const user = 'app'
const password = 'correct horse'
const database = 'app'

/** A real PostgreSQL on a free port, for one test file: `await using server = await startPostgres()`. */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const { version = null, tls = 'off', auth = 'scram-sha-256', maxConnections = 30, configuration = {} } = options
  await sweep()
  const folder = await mkdtemp(prefix)
  await writeFile(join(folder, 'owner'), String(process.pid))
  let cluster: Cluster | null = null
  const dispose = async () => {
    await cluster?.stop('immediate')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const certificates = tls === 'off' ? null : await certificatesFor(folder)
    const running = await prepareCluster({
      folder,
      version,
      port: null,
      superuser: 'postgres',
      password,
      auth,
      hba: hbaLines(tls, auth),
      configuration: { max_connections: String(maxConnections), ...tlsConfiguration(certificates), ...configuration },
      say: () => {},
    })
    cluster = running
    await running.start()

    const asSuper = async (sql: string, where: string) => {
      const client = new Client({ host: folder, port: running.port, user: 'postgres', password, database: where })
      await client.connect()
      try {
        const results = (await client.query(sql)) as QueryResult | QueryResult[]
        return (Array.isArray(results) ? results.at(-1)?.rows : results.rows) ?? []
      } finally {
        await client.end()
      }
    }
    await asSuper(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`, 'postgres')
    await asSuper(`CREATE DATABASE ${database} OWNER ${user}`, 'postgres')

    return {
      get port() {
        return running.port
      },
      get pid() {
        return running.pid
      },
      socketDir: folder,
      user,
      password,
      database,
      certificates,
      stop: (how) => running.stop(how),
      start: () => running.start(),
      async restart(how = 'fast') {
        await running.stop(how)
        await running.start()
      },
      queryAsSuper: (sql) => asSuper(sql, database),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Removes what test processes left that were killed; their servers have ended with them. */
async function sweep(): Promise<void> {
  const folders = (await readdir(dirname(prefix))).filter((name) => name.startsWith(basename(prefix)))
  for (const name of folders) {
    const folder = join(dirname(prefix), name)
    const owner = Number(await readFile(join(folder, 'owner'), 'utf8').catch(() => ''))
    // A folder that is just being made has no owner yet.
    if (owner > 0 && !isAlive(owner)) await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function certificatesFor(folder: string): Promise<Certificates> {
  const own = join(folder, 'tls')
  await mkdir(own)
  const certificates = await makeCertificates(own, user)
  const { uid, gid } = postgresAccount()
  if (process.getuid?.() === 0) await chown(certificates.serverKey, uid, gid)
  await chmod(certificates.serverKey, 0o600)
  return certificates
}

function tlsConfiguration(certificates: Certificates | null): Record<string, string> {
  if (certificates === null) return {}
  return { ssl: 'on', ssl_cert_file: certificates.server, ssl_key_file: certificates.serverKey, ssl_ca_file: certificates.authority }
}

function hbaLines(tls: NonNullable<PostgresOptions['tls']>, auth: PostgresAuth): string[] {
  const kind = tls === 'demand' || tls === 'certificate' ? 'hostssl' : 'host'
  const wanted = tls === 'certificate' ? ' clientcert=verify-ca' : ''
  return [`local all all ${auth}`, `${kind} all all 127.0.0.1/32 ${auth}${wanted}`]
}
