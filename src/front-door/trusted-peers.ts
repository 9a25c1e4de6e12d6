import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { BezelError } from '../errors.ts'

/** Answers whether a peer may say for whom it forwards. */
export class TrustedPeers {
  readonly #list = new BlockList()

  /** `ranges`: addresses or CIDR ranges. Throws CONFIG_INVALID for anything else. */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', prefix] = range.split('/')
      const family = isIPv4(address) ? 'ipv4' : 'ipv6'
      const bits = family === 'ipv4' ? 32 : 128
      const length = prefix === undefined ? bits : Number(prefix)
      if ((family === 'ipv6' && !isIPv6(address)) || !Number.isInteger(length) || length < 0 || length > bits)
        throw new BezelError('CONFIG_INVALID', `trusted peer ${range} is not an address or a CIDR range`)
      this.#list.addSubnet(address, length, family)
    }
  }

  /** `address` is empty for a client on a Unix socket: only this host's users reach it. */
  has(address: string): boolean {
    return address === '' || (isIP(address) !== 0 && this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
  }
}

/** What `peerOf` answers for a TCP client that has gone already: nobody to trust. */
const unknownPeer = 'unknown'

/** What `net.Socket` says of its two ends. */
interface SocketAddresses {
  readonly remoteAddress?: string | undefined
  readonly localAddress?: string | undefined
}

/** The client's address, without `::ffff:` (RFC 4291, section 2.5.5.2); empty on a Unix socket. */
export function peerOf({ remoteAddress, localAddress }: SocketAddresses): string {
  if (remoteAddress === undefined) return localAddress === undefined ? '' : unknownPeer
  return remoteAddress.startsWith('::ffff:') && isIPv4(remoteAddress.slice(7)) ? remoteAddress.slice(7) : remoteAddress
}
