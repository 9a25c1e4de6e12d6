import type { Socket } from 'node:net'
import { errorResponse } from '../../formats/pgwire/error-fields.ts'
import { Greeting, type Introduction } from './greeting.ts'

export interface ReceptionPorts {
  introduced(introduction: Introduction): void
  /** Resolves when the server has been told. */
  cancel(pid: number, secret: Buffer): Promise<void>
  /** Nothing more is to be said to this client. */
  over(): void
  violated(text: string): void
}

/** Answers a client until it has introduced itself. */
export class Reception {
  #socket: Socket
  #greeting: Greeting
  #ports: ReceptionPorts
  #done = false

  /** `user`: the one that needs no password. */
  constructor(socket: Socket, user: string, ports: ReceptionPorts) {
    this.#socket = socket
    this.#greeting = new Greeting(user)
    this.#ports = ports
  }

  read(chunk: Buffer): void {
    if (this.#done) return this.#ports.violated('messages before the server was ready')
    const greeted = this.#greeting.read(chunk)
    if ('reply' in greeted && greeted.reply !== null) this.#socket.write(greeted.reply)
    this.#done = greeted.tag !== 'NeedMore'
    switch (greeted.tag) {
      case 'NeedMore':
        return
      case 'Refused':
        this.#socket.write(errorResponse({ severity: 'FATAL', sqlstate: greeted.sqlstate, message: greeted.text }))
        return this.#ports.over()
      case 'Cancel':
        // The client waits for our end-of-file: then its request has reached the server.
        return void this.#ports.cancel(greeted.pid, greeted.secret).finally(() => this.#ports.over())
      case 'Introduced':
        if (greeted.rest.length > 0) return this.#ports.violated('messages before the server was ready')
        return this.#ports.introduced(greeted.introduction)
    }
  }
}
