import { createHash } from 'node:crypto'

/** The answer to AuthenticationMD5Password (PostgreSQL manual, "Start-up"): hashes in hexadecimal, `salt` of 4 bytes. */
export function md5Password(user: string, password: string, salt: Buffer): string {
  const hex = (...parts: (string | Buffer)[]) => parts.reduce((hash, part) => hash.update(part), createHash('md5')).digest('hex')
  return `md5${hex(hex(password, user), salt)}`
}
