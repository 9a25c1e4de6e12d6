/** What the Connection headers of one message say (RFC 9110, section 7.6.1). */
export interface ConnectionOptions {
  readonly close: boolean
  readonly keepAlive: boolean
  readonly upgrade: boolean
  /** Names of further header fields that belong to this connection, lower case. */
  readonly named: readonly string[]
}

const keepAliveOnly: ConnectionOptions = { close: false, keepAlive: true, upgrade: false, named: [] }
const closeOnly: ConnectionOptions = { close: true, keepAlive: false, upgrade: false, named: [] }

const option = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** Adds one header's value to what earlier ones said; null when it is not a list of tokens. */
export function readConnectionOptions(value: string, before: ConnectionOptions | null): ConnectionOptions | null {
  if (before === null) {
    if (value === 'keep-alive' || value === 'Keep-Alive') return keepAliveOnly
    if (value === 'close') return closeOnly
  }
  let { close, keepAlive, upgrade, named } = before ?? { close: false, keepAlive: false, upgrade: false, named: [] }
  for (const part of value.toLowerCase().split(',')) {
    const name = part.trim()
    if (name === '') continue
    if (!option.test(name)) return null
    if (name === 'close') close = true
    else if (name === 'keep-alive') keepAlive = true
    else if (name === 'upgrade') upgrade = true
    else named = [...named, name]
  }
  return { close, keepAlive, upgrade, named }
}
