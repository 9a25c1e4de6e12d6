import { ConnectFailed, tlsFailure, toConnectFailure, type ConnectFailure } from './connect-failure.ts'
import type { Encryption } from './open-channel.ts'
import { unixSocketPath, type ServerTarget } from './target.ts'

/** The ways to try, in order, for a target's sslmode. */
export function encryptionsOf(target: ServerTarget): readonly Encryption[] {
  if (unixSocketPath(target) !== null) return ['plain']
  switch (target.sslmode) {
    case 'disable':
      return ['plain']
    case 'allow':
      return ['plain', 'tls']
    case 'prefer':
      return ['tls-if-offered', 'plain']
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return ['tls']
  }
}

/** Tries each way until one works. What fails for a reason that encryption has no part in is not tried in another way. */
export async function withEncryptions<T>(target: ServerTarget, run: (encryption: Encryption) => Promise<T>): Promise<T> {
  const weak = target.sslmode === 'disable' || target.sslmode === 'allow' || target.sslmode === 'prefer'
  if (target.sslnegotiation === 'direct' && weak)
    throw tlsFailure(`sslnegotiation=direct wants sslmode=require or stricter, not ${target.sslmode}`)
  let first: ConnectFailure | null = null
  for (const encryption of encryptionsOf(target))
    try {
      return await run(encryption)
    } catch (error) {
      const failure = toConnectFailure(error)
      if (!dependsOnEncryption(failure)) throw error
      if (first !== null) throw new ConnectFailed(moreTelling(first, failure))
      first = failure
    }
  throw new ConnectFailed(first ?? { tag: 'Protocol', text: 'no way to connect' })
}

/** pg_hba.conf may allow a login on encrypted connections only, or on others only: SQLSTATE class 28. */
function dependsOnEncryption(failure: ConnectFailure): boolean {
  return failure.tag === 'Tls' || (failure.tag === 'Refused' && failure.sqlstate.startsWith('28'))
}

/** A wrong password (28P01) says that the first way was allowed; the second then only says that it was not. */
function moreTelling(first: ConnectFailure, second: ConnectFailure): ConnectFailure {
  return first.tag === 'Refused' && first.sqlstate === '28P01' ? first : second
}
