import type { RequestHead } from '../formats/http1/request-head.ts'

/** An id that may be logged and sent on as it is. */
const wellFormedId = /^[\w.:=/+-]{1,128}$/

/**
 * The header lines that tell a worker for whom a request is. A trusted peer's are continued, anybody else's were dropped:
 * `X-Forwarded-For` gets the peer's address appended, `-Proto` and `-Host` are kept or made, `Forwarded` (RFC 7239) is left as the peer sent it.
 */
export class ForwardingLines {
  readonly trusted: boolean
  private readonly peer: string
  private readonly plain: string

  /** `peer` is empty for a client on a Unix socket. */
  constructor(peer: string, trusted: boolean) {
    this.trusted = trusted
    this.peer = peer
    this.plain = `${peer === '' ? '' : `X-Forwarded-For: ${peer}\r\n`}X-Forwarded-Proto: http\r\n`
  }

  /** The id that a trusted peer gave, when it can be logged as it is. */
  acceptedId(head: RequestHead): string | null {
    return head.requestId !== null && wellFormedId.test(head.requestId) ? head.requestId : null
  }

  of(head: RequestHead, id: string, wallMs: number): string {
    const { forwardedFor, forwardedProto } = head
    const host = head.forwardedHost ?? head.host
    let lines: string
    if (forwardedFor === null && forwardedProto === null) lines = this.plain
    else {
      const chain = [forwardedFor ?? '', this.peer].filter((part) => part !== '').join(', ')
      lines = `${chain === '' ? '' : `X-Forwarded-For: ${chain}\r\n`}X-Forwarded-Proto: ${forwardedProto ?? 'http'}\r\n`
    }
    if (host !== null) lines += `X-Forwarded-Host: ${host}\r\n`
    return `${lines}X-Request-Id: ${id}\r\nX-Request-Start: t=${Math.floor(wallMs)}\r\n`
  }
}
