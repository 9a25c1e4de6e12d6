import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** By object identifier of the certificate's signature: its hash; MD5 and SHA-1 count as SHA-256 (RFC 5929 section 4.1). */
const hashOfSignature: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'sha256', // md5WithRSAEncryption
  '1.2.840.113549.1.1.5': 'sha256', // sha1WithRSAEncryption
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.113549.1.1.14': 'sha224',
  '1.2.840.10045.4.1': 'sha256', // ecdsa-with-SHA1
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}

/**
 * The channel binding `tls-server-end-point`: the hash of the server's certificate (RFC 5929 section 4).
 * Null without TLS, and for signatures that name no hash (Ed25519, RSA-PSS): such a channel can't be bound.
 */
export function serverEndPoint(socket: Socket): Buffer | null {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  const hash = certificate === undefined ? undefined : hashOfSignature[certificate.signatureAlgorithmOid]
  return certificate === undefined || hash === undefined ? null : createHash(hash).update(certificate.raw).digest()
}
