import { HeadWalker, type HeadLimits } from '../formats/http1/head-walker.ts'
import type { Outside } from '../part.ts'
import type { HeldBytes } from './held-body.ts'
import type { FrontDoorSettings } from './options.ts'
import type { FrontDoorPorts } from './ports.ts'
import { Tally } from './tally.ts'
import { TrustedPeers } from './trusted-peers.ts'

/** A read from a worker's socket takes at most this much; one buffer serves all of them, because each read is used up before the next. */
const readBytes = 65_536

/** What all connections of one front door share. */
export class House {
  readonly settings: FrontDoorSettings
  readonly outside: Outside
  readonly ports: FrontDoorPorts
  readonly limits: HeadLimits
  readonly tally = new Tally()
  readonly held: HeldBytes = { total: 0 }
  readonly trusted: TrustedPeers
  readonly requestWalker: HeadWalker
  readonly responseWalker: HeadWalker
  readonly readBuffer = Buffer.allocUnsafe(readBytes)
  readonly repeatMethods: ReadonlySet<string>
  /** No more requests on kept-alive connections. */
  draining = false
  readonly #idPrefix: string
  #serial = 0

  constructor(settings: FrontDoorSettings, outside: Outside, ports: FrontDoorPorts) {
    this.settings = settings
    this.outside = outside
    this.ports = ports
    this.limits = settings
    this.trusted = new TrustedPeers(settings.trustedPeers)
    this.requestWalker = new HeadWalker('request', settings)
    this.responseWalker = new HeadWalker('response', settings)
    this.repeatMethods = new Set(settings.repeatMethods)
    this.#idPrefix = [0, 0]
      .map(() =>
        Math.floor(outside.random() * 36 ** 6)
          .toString(36)
          .padStart(6, '0'),
      )
      .join('')
  }

  nowMs(): number {
    return this.outside.clock.nowMs()
  }

  wallMs(): number {
    return this.ports.wallMs?.() ?? Date.now()
  }

  nextSerial(): number {
    return ++this.#serial
  }

  /** Unique in all data planes of a host, as far as 62 random bits make it so. */
  idOf(serial: number): string {
    return `${this.#idPrefix}-${serial.toString(36)}`
  }
}
