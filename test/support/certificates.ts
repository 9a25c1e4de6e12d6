import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Paths of PEM files. */
export interface Certificates {
  /** The authority that signed the others. */
  readonly authority: string
  /** For `localhost`, and not for 127.0.0.1. */
  readonly server: string
  readonly serverKey: string
  readonly client: string
  readonly clientKey: string
  /** An authority that signed none of them. */
  readonly stranger: string
}

/** Makes a small authority and what it signs, with the `openssl` command. The client's certificate names `user`. */
export async function makeCertificates(folder: string, user: string): Promise<Certificates> {
  const path = (name: string) => join(folder, name)
  const openssl = (...words: string[]) => run('openssl', words, { cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = (name: string) =>
    openssl('req', '-x509', '-days', '2', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.crt`)
  const signed = async (name: string, subject: string, extension: string) => {
    await openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    await writeFile(path(`${name}.ext`), extension)
    const by = ['-CA', 'authority.crt', '-CAkey', 'authority.key', '-CAcreateserial']
    await openssl('x509', '-req', '-days', '2', '-in', `${name}.csr`, ...by, '-extfile', `${name}.ext`, '-out', `${name}.crt`)
  }
  await Promise.all([authority('authority'), authority('stranger')])
  await signed('server', 'localhost', 'subjectAltName=DNS:localhost\n')
  await signed('client', user, 'extendedKeyUsage=clientAuth\n')
  return {
    authority: path('authority.crt'),
    server: path('server.crt'),
    serverKey: path('server.key'),
    client: path('client.crt'),
    clientKey: path('client.key'),
    stranger: path('stranger.crt'),
  }
}
