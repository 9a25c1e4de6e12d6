import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { checkServerIdentity, getCACertificates, type ConnectionOptions } from 'node:tls'
import { tlsFailure } from './connect-failure.ts'
import type { ServerTarget } from './target.ts'

/**
 * What Node has to be told for a target's sslmode (PostgreSQL manual, "SSL Support"): `require` and weaker verify the chain
 * only when a root certificate is there, `verify-ca` always, `verify-full` the host's name as well.
 */
export async function tlsOptions(target: ServerTarget): Promise<ConnectionOptions> {
  const authorities = await readAuthorities(target)
  const client = await readClientCertificate(target)
  return {
    ...client,
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    ...(authorities === null ? {} : { ca: authorities }),
    rejectUnauthorized: authorities !== null,
    // Left to itself Node compares an address's certificate with the name `localhost`.
    checkServerIdentity: (_host, certificate) =>
      target.sslmode === 'verify-full' ? checkServerIdentity(target.host, certificate) : undefined,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['postgresql'],
  }
}

async function readAuthorities({ sslmode, sslrootcert }: ServerTarget): Promise<string[] | null> {
  const verifies = sslmode === 'verify-ca' || sslmode === 'verify-full'
  if (sslrootcert === 'system') {
    if (sslmode !== 'verify-full') throw tlsFailure(`sslrootcert=system wants sslmode=verify-full, not ${sslmode}`)
    const system = getCACertificates('system')
    return system.length > 0 ? system : getCACertificates('default')
  }
  if (sslrootcert === undefined) {
    if (verifies) throw tlsFailure(`sslmode=${sslmode} wants sslrootcert`)
    return null
  }
  try {
    return [await readFile(sslrootcert, 'utf8')]
  } catch (error) {
    if (!verifies && isMissing(error)) return null
    throw tlsFailure(`sslrootcert ${sslrootcert}: ${reason(error)}`)
  }
}

async function readClientCertificate({ sslcert, sslkey, sslpassword }: ServerTarget): Promise<ConnectionOptions> {
  if (sslcert === undefined) return {}
  if (sslkey === undefined) throw tlsFailure('sslcert wants sslkey')
  const [cert, key] = await Promise.all([readPem('sslcert', sslcert), readPem('sslkey', sslkey)])
  return { cert, key, ...(sslpassword === undefined ? {} : { passphrase: sslpassword }) }
}

async function readPem(what: string, path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw tlsFailure(`${what} ${path}: ${reason(error)}`)
  })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
